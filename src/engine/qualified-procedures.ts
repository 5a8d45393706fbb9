import { TenantryError } from '../core/errors.ts';
import type { Procedure } from '../core/procedure.ts';
import type { SqlDialect } from '../core/sql.ts';

/** A configured procedure of a database. */
export type LocatedProcedure = Procedure & { readonly schema: string };

/** A procedure that app was given to call and may call still, and that is configured no more. */
export interface ExposedProcedure extends Pick<LocatedProcedure, 'schema' | 'routine'> {
  /** As the server tells it from others of its name. */
  readonly arguments: string;
  readonly given: GivenProcedure;
}

/** What was noted of a procedure when app was given to call it; its name and arguments may be others by now. */
export interface GivenProcedure extends Pick<LocatedProcedure, 'schema' | 'routine'> {
  readonly arguments: string;
  /** The server's number of it, in decimal. */
  readonly id: string;
}

/**
 * Configured procedures as an engine knows them: where no schema is named, in its default one. Throws INVALID_CONFIGURATION for one that is
 * named with its schema and again without.
 */
export function qualifiedProcedures(
  procedures: readonly Procedure[],
  { defaultSchema }: Pick<SqlDialect, 'defaultSchema'>,
): LocatedProcedure[] {
  const seen = new Set<string>();
  return procedures.map((procedure) => {
    const { schema = defaultSchema, routine } = procedure;
    const place = JSON.stringify([schema, routine]);
    if (seen.has(place))
      throw new TenantryError('INVALID_CONFIGURATION', `Procedure ${schema}.${routine} is configured twice: with its schema and without.`);
    seen.add(place);
    return Object.assign({}, procedure, { schema });
  });
}
