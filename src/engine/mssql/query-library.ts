import { readFileSync } from 'node:fs';
import { TenantryError } from '../../core/errors.ts';
import type { SqlParameters } from '../../core/session.ts';
import { declaredType, type DeclaredType, type TypedParameter } from './parameter-types.ts';

const defaultRoot = new URL('../../../sql/mssql/', import.meta.url);
const header = /^-- @(\w+) (\S.*)$/gm;
const jsonHeader = /^-- json: (\S.*)$/m;
/** A parameter, but not a variable of the server such as `@@ROWCOUNT`. */
const reference = /(?<![\w@])@([a-zA-Z]\w*)/g;
const batchEnd = /^GO\s*$/gm;

/** A statement of the library with its values. */
export interface LibraryQuery {
  readonly text: string;
  readonly parameters: readonly TypedParameter[];
  /** Columns of the result that hold JSON text. */
  readonly json: readonly string[];
}

interface Query {
  readonly text: string;
  readonly parameters: ReadonlyMap<string, DeclaredType>;
  readonly json: readonly string[];
}

/** SQL Server's library of `.sql` files: statements with named, typed parameters, and scripts. Files are read once. */
export class QueryLibrary {
  readonly #root: URL;
  readonly #queries = new Map<string, Query>();

  /** `root` is a folder's URL, with a slash at its end. */
  constructor(root: URL = defaultRoot) {
    this.#root = root;
  }

  /** The statement of `queries/<file>.sql` with its values. Throws INTERNAL for a parameter missing, too many, or of another type. */
  query(file: string, given: SqlParameters = {}): LibraryQuery {
    let query = this.#queries.get(file);
    if (query === undefined) this.#queries.set(file, (query = parse(file, this.#read(`queries/${file}`))));
    const { text, parameters, json } = query;
    for (const name of Object.keys(given)) {
      if (!parameters.has(name))
        throw new TenantryError('INTERNAL', `${file}.sql has no parameter @${name}; it has ${list([...parameters.keys()])}.`);
    }
    return {
      text,
      json,
      parameters: Array.from(parameters, ([name, type]) => {
        const value = given[name];
        if (value === undefined) throw new TenantryError('INTERNAL', `${file}.sql needs a value for @${name}.`);
        return type(name, value);
      }),
    };
  }

  /** The batches of a file of statements, such as `schema/shard/001-schema`: what stands between lines that are GO. */
  script(file: string): readonly string[] {
    return this.#read(file)
      .split(batchEnd)
      .map((batch) => batch.trim())
      .filter((batch) => batch !== '');
  }

  #read(file: string): string {
    try {
      return readFileSync(new URL(`${file}.sql`, this.#root), 'utf8');
    } catch (cause) {
      throw new TenantryError('INTERNAL', `There is no file ${file}.sql in the library of queries.`, { cause });
    }
  }
}

function parse(file: string, source: string): Query {
  const parameters = new Map<string, DeclaredType>();
  for (const [, name = '', declared = ''] of source.matchAll(header)) {
    const type = declaredType(declared.trim());
    if (type === undefined) throw new TenantryError('INTERNAL', `${file}.sql declares @${name} with a type that parameters cannot have.`);
    parameters.set(name, type);
  }
  const text = withoutComments(source);
  const used = new Set([...text.matchAll(reference)].map(([, name = '']) => name));
  const unused = [...parameters.keys()].filter((name) => !used.has(name));
  if (unused.length > 0) throw new TenantryError('INTERNAL', `${file}.sql declares ${list(unused)} and does not use it.`);
  const json = jsonHeader.exec(source)?.[1]?.split(/,\s*/) ?? [];
  return { text, parameters, json };
}

function withoutComments(source: string): string {
  return source.replaceAll(/^\s*--.*$/gm, '').trim();
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `@${name}`).join(', ');
}
