import { TenantryError } from '../../core/errors.ts';
import type { SqlParameters } from '../../core/session.ts';
import { QueryFiles, type QueryFile } from '../query-files.ts';
import { declaredType, type DeclaredType, type TypedParameter } from './parameter-types.ts';

const root = new URL('../../../sql/mssql/', import.meta.url);
const jsonHeader = /^-- json: (\S.*)$/m;
const batchEnd = /^[ \t]*GO[ \t]*$/gim;

/** A statement of the library with its values. */
export interface LibraryQuery {
  readonly text: string;
  readonly parameters: readonly TypedParameter[];
  /** Columns of the result that hold JSON text. */
  readonly json: readonly string[];
}

interface TypedQuery {
  readonly text: string;
  readonly types: ReadonlyMap<string, DeclaredType>;
  readonly json: readonly string[];
}

/** SQL Server's library of `.sql` files: statements with named, typed parameters, and scripts. Files are read once. */
export class QueryLibrary {
  readonly #files = new QueryFiles(root, typed);

  /** The statement of `queries/<file>.sql` with its values. Throws INTERNAL for a parameter missing, too many, or of another type. */
  query(file: string, given: SqlParameters = {}): LibraryQuery {
    const { compiled, valueOf } = this.#files.query(file, given);
    const { text, types, json } = compiled;
    return { text, json, parameters: Array.from(types, ([name, type]) => type(name, valueOf(name))) };
  }

  /** The batches of a file of statements, such as `schema/shard/001-schema`: what stands between lines that are GO. */
  script(file: string): readonly string[] {
    return batchesOf(this.#files.text(file));
  }
}

/** What stands between lines that are GO, as sqlcmd sends it. */
export function batchesOf(script: string): readonly string[] {
  return script
    .split(batchEnd)
    .map((batch) => batch.trim())
    .filter((batch) => batch !== '');
}

function typed({ name: file, source, text, parameters }: QueryFile): TypedQuery {
  const types = new Map<string, DeclaredType>();
  for (const [name, declared] of parameters) {
    const type = declaredType(declared);
    if (type === undefined) throw new TenantryError('INTERNAL', `${file}.sql declares @${name} with a type that parameters cannot have.`);
    types.set(name, type);
  }
  return { text, types, json: jsonHeader.exec(source)?.[1]?.split(/,\s*/) ?? [] };
}
