import { z } from 'zod';
import { TenantryError } from '../../core/errors.ts';
import type { Procedure } from '../../core/procedure.ts';
import type { SqlSession } from '../../core/session.ts';
import type { SqlDialect } from '../../core/sql.ts';
import { servedProcedure, type ServedProcedure } from './served-procedure.ts';

/** A row of `shard/describe-procedures`. */
const descriptionRow = z.object({ procedure: z.string(), isFunction: z.boolean() });

/** The configured procedures that one database has. */
export type ProcedureDescriptions = readonly z.infer<typeof descriptionRow>[];

/** Asks a shard of an engine for the configured procedures. */
export async function describeProcedures(
  catalog: Pick<SqlSession, 'run'>,
  { defaultSchema }: Pick<SqlDialect, 'defaultSchema'>,
  procedures: readonly Procedure[],
): Promise<ProcedureDescriptions> {
  if (procedures.length === 0) return [];
  const wanted = procedures.map(({ name, schema = defaultSchema, routine }) => ({ name, schema, routine }));
  const { rows } = await catalog.run('shard/describe-procedures', { procedures: JSON.stringify(wanted) });
  return z.array(descriptionRow).parse(rows);
}

/** The configured procedures as shards of each engine describe them. Throws INVALID_CONFIGURATION that names every one that a shard has not. */
export function joinProcedures(
  procedures: readonly Procedure[],
  described: readonly ProcedureDescriptions[],
): ReadonlyMap<string, ServedProcedure> {
  const missing = procedures.filter(({ name }) => described.some((rows) => !rows.some(({ procedure }) => procedure === name)));
  if (missing.length > 0)
    throw new TenantryError(
      'INVALID_CONFIGURATION',
      missing.map(({ name }) => `Procedure ${name} is configured and does not exist on the shard; names are exact-case.`).join(' '),
    );
  const functions = new Set(described.flat().flatMap(({ procedure, isFunction }) => (isFunction ? [procedure] : [])));
  return new Map(procedures.map((procedure) => [procedure.name, servedProcedure(procedure, functions.has(procedure.name))]));
}
