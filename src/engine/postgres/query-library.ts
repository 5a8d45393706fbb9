import { readFileSync } from 'node:fs';
import { TenantryError } from '../../core/errors.ts';
import type { SqlParameters } from '../../core/session.ts';
import type { CompiledSql, SqlValue } from '../../core/sql.ts';

const defaultRoot = new URL('../../../sql/postgres/', import.meta.url);
const header = /^-- @(\w+) (\S.*)$/gm;
/** A parameter, but not a part of an operator such as `@>` nor of an identifier. */
const reference = /(?<![\w@])@([a-zA-Z]\w*)/g;

interface Query {
  readonly text: string;
  readonly parameters: readonly string[];
}

/** PostgreSQL's library of `.sql` files: statements with named parameters, and scripts. Files are read once. */
export class QueryLibrary {
  readonly #root: URL;
  readonly #queries = new Map<string, Query>();

  /** `root` is a folder's URL, with a slash at its end. */
  constructor(root: URL = defaultRoot) {
    this.#root = root;
  }

  /** The statement of `queries/<file>.sql` with its values in order. Throws INTERNAL for a parameter missing or too many. */
  query(file: string, parameters: SqlParameters = {}): CompiledSql {
    let query = this.#queries.get(file);
    if (query === undefined) this.#queries.set(file, (query = parse(file, this.#read(`queries/${file}`))));
    const { text, parameters: names } = query;
    for (const name of Object.keys(parameters)) {
      if (!names.includes(name)) throw new TenantryError('INTERNAL', `${file}.sql has no parameter @${name}; it has ${list(names)}.`);
    }
    return { text, values: names.map((name) => valueOf(file, name, parameters)) };
  }

  /** The text of a file of statements, such as `schema/shard/001-schema`. */
  script(file: string): string {
    return this.#read(file);
  }

  #read(file: string): string {
    try {
      return readFileSync(new URL(`${file}.sql`, this.#root), 'utf8');
    } catch (cause) {
      throw new TenantryError('INTERNAL', `There is no file ${file}.sql in the library of queries.`, { cause });
    }
  }
}

/** Every use of a parameter carries its declared type, so that the server never has to guess one. */
function parse(file: string, source: string): Query {
  const types = new Map([...source.matchAll(header)].map(([, name = '', type = '']) => [name, type.trim()]));
  const parameters = [...types.keys()];
  const used = new Set<string>();
  const text = withoutComments(source).replace(reference, (_, name: string) => {
    const type = types.get(name);
    if (type === undefined) throw new TenantryError('INTERNAL', `${file}.sql uses @${name} without a header line for it.`);
    used.add(name);
    return `$${parameters.indexOf(name) + 1}::${type}`;
  });
  const unused = parameters.filter((name) => !used.has(name));
  if (unused.length > 0) throw new TenantryError('INTERNAL', `${file}.sql declares ${list(unused)} and does not use it.`);
  return { text, parameters };
}

function withoutComments(source: string): string {
  return source.replaceAll(/^\s*--.*$/gm, '').trim();
}

function valueOf(file: string, name: string, parameters: SqlParameters): SqlValue {
  const value = parameters[name];
  if (value === undefined) throw new TenantryError('INTERNAL', `${file}.sql needs a value for @${name}.`);
  return value;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `@${name}`).join(', ');
}
