import { readFileSync } from 'node:fs';
import { TenantryError } from '../core/errors.ts';
import type { SqlParameters } from '../core/session.ts';
import type { SqlValue } from '../core/sql.ts';

const header = /^-- @(\w+) (\S.*)$/gm;
const comment = /^\s*--.*$/gm;

/** A parameter's use in a statement; neither a variable of the server such as `@@ROWCOUNT` nor a part of an operator such as `@>`. */
export const parameterUse = /(?<![\w@])@([a-zA-Z]\w*)/g;

/** A statement of the library as it was written. */
export interface QueryFile {
  /** Such as `catalog/find-mapping`. */
  readonly name: string;
  /** With the header lines. */
  readonly source: string;
  /** Without comments that have a line of their own. */
  readonly text: string;
  /** Types by name, in the order of the header lines. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** An engine's `.sql` files: statements with named parameters, each compiled once by the engine, and scripts. */
export class QueryFiles<Compiled> {
  readonly #root: URL;
  readonly #compile: (file: QueryFile) => Compiled;
  readonly #queries = new Map<string, { readonly file: QueryFile; readonly compiled: Compiled }>();

  /** `root` is a folder's URL, with a slash at its end. */
  constructor(root: URL, compile: (file: QueryFile) => Compiled) {
    this.#root = root;
    this.#compile = compile;
  }

  /**
   * The statement of `queries/<name>.sql`, and `valueOf` for the value given to one of its parameters. Throws INTERNAL for
   * a value too many; `valueOf` does for one missing.
   */
  query(name: string, given: SqlParameters): { readonly compiled: Compiled; readonly valueOf: (parameter: string) => SqlValue } {
    let query = this.#queries.get(name);
    if (query === undefined) {
      const file = parse(name, this.text(`queries/${name}`));
      this.#queries.set(name, (query = { file, compiled: this.#compile(file) }));
    }
    const { file, compiled } = query;
    const unknown = Object.keys(given).find((parameter) => !file.parameters.has(parameter));
    if (unknown !== undefined)
      throw new TenantryError('INTERNAL', `${name}.sql has no parameter @${unknown}; it has ${list([...file.parameters.keys()])}.`);
    return { compiled, valueOf: (parameter) => valueOf(name, parameter, given) };
  }

  /** A file as it stands, such as `schema/shard/001-schema`. */
  text(name: string): string {
    try {
      return readFileSync(new URL(`${name}.sql`, this.#root), 'utf8');
    } catch (cause) {
      throw new TenantryError('INTERNAL', `There is no file ${name}.sql in the library of queries.`, { cause });
    }
  }
}

function parse(name: string, source: string): QueryFile {
  const parameters = new Map([...source.matchAll(header)].map(([, parameter = '', type = '']) => [parameter, type.trim()]));
  const text = source.replaceAll(comment, '').trim();
  const used = new Set([...text.matchAll(parameterUse)].map(([, parameter = '']) => parameter));
  const unused = [...parameters.keys()].filter((parameter) => !used.has(parameter));
  if (unused.length > 0) throw new TenantryError('INTERNAL', `${name}.sql declares ${list(unused)} and does not use it.`);
  return { name, source, text, parameters };
}

function valueOf(name: string, parameter: string, given: SqlParameters): SqlValue {
  const value = given[parameter];
  if (value === undefined) throw new TenantryError('INTERNAL', `${name}.sql needs a value for @${parameter}.`);
  return value;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `@${name}`).join(', ');
}
