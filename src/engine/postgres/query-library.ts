import { TenantryError } from '../../core/errors.ts';
import type { SqlParameters } from '../../core/session.ts';
import type { CompiledSql } from '../../core/compile-sql.ts';
import { parameterUse, QueryFiles, type QueryFile } from '../query-files.ts';

const root = new URL('../../../sql/postgres/', import.meta.url);

/** PostgreSQL's library of `.sql` files: statements with named parameters, and scripts. Files are read once. */
export class QueryLibrary {
  readonly #files = new QueryFiles(root, numbered);

  /** The statement of `queries/<file>.sql` with its values in order. Throws INTERNAL for a parameter missing or too many. */
  query(file: string, given: SqlParameters = {}): CompiledSql {
    const { compiled, valueOf } = this.#files.query(file, given);
    return { text: compiled.text, values: compiled.names.map(valueOf) };
  }

  /** The text of a file of statements, such as `schema/shard/001-schema`. */
  script(file: string): string {
    return this.#files.text(file);
  }
}

/** Every use of a parameter carries its declared type, so that the server never has to guess one. */
function numbered({ name: file, text, parameters }: QueryFile): { readonly text: string; readonly names: readonly string[] } {
  const names = [...parameters.keys()];
  const withNumbers = text.replace(parameterUse, (_, name: string) => {
    const type = parameters.get(name);
    if (type === undefined) throw new TenantryError('INTERNAL', `${file}.sql uses @${name} without a header line for it.`);
    return `$${names.indexOf(name) + 1}::${type}`;
  });
  return { text: withNumbers, names };
}
