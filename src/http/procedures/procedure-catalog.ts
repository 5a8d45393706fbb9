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

/** What the first shard of an engine that answered has of them. */
export interface DescribedByShard {
  /** Its name. */
  readonly shard: string;
  readonly procedures: ProcedureDescriptions;
}

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

/**
 * The configured procedures as shards of each engine describe them. Throws INVALID_CONFIGURATION that names every one that a shard has not.
 */
export function joinProcedures(
  procedures: readonly Procedure[],
  described: readonly DescribedByShard[],
): ReadonlyMap<string, ServedProcedure> {
  const missing = described.flatMap(({ shard, procedures: there }) => {
    const names = new Set(there.map(({ procedure }) => procedure));
    return procedures
      .filter(({ name }) => !names.has(name))
      .map(({ name }) => `Procedure ${name} is configured and does not exist on shard ${shard}; names are exact-case.`);
  });
  if (missing.length > 0)
    throw new TenantryError(
      'INVALID_CONFIGURATION',
      `${missing.join(' ')} Create it and run \`tenantry policy apply\`, or take it out of \`procedures\`.`,
    );
  const found = described.flatMap((each) => each.procedures);
  const functions = new Set(found.flatMap(({ procedure, isFunction }) => (isFunction ? [procedure] : [])));
  return new Map(procedures.map((procedure) => [procedure.name, servedProcedure(procedure, functions.has(procedure.name))]));
}
