import { hadNoAnswer, TenantryError } from '../../core/errors.ts';
import { sql } from '../../core/sql.ts';
import type { Row, SqlDatabase, SqlResult } from '../../core/session.ts';
import type { AttemptOutcome } from '../../engine/rehearsal.ts';
import { nameOf } from '../../engine/qualified-tables.ts';
import type { LocatedTable } from '../model.ts';
import { reachesNothing } from './expectations.ts';
import type { ProbeFinding, ProbeReport } from './probe.ts';
import { undone } from './undone.ts';

const what = 'app by its own login, without a tenant: select';

/**
 * Tries over a connection of app's own login, which nobody can tell from one of a tenant, what it reads of each tenants' table before it
 * has entered: nothing, or it is refused. Of a table without rows that says nothing. Each is asked in a transaction that is undone. `app`
 * is the database as app. Throws where it does not answer.
 */
export async function tryUnentered(app: SqlDatabase, tables: readonly LocatedTable[]): Promise<ProbeReport> {
  const findings: ProbeFinding[] = [];
  const tried = tables.filter(({ tenantColumn }) => tenantColumn !== undefined);
  for (const table of tried) {
    const found = reachesNothing(await look(app, table));
    if (found !== undefined) findings.push({ table: nameOf(table), probe: what, ...found });
  }
  return { tried: tried.length, findings };
}

/** One row where there is any: how many others there are is not asked. */
async function look(app: SqlDatabase, { schema, table }: LocatedTable): Promise<AttemptOutcome> {
  const asked = sql`select case when exists (select 1 from ${sql.id(schema, table)}) then 1 else 0 end as ${sql.id('found')}`;
  try {
    return { outcome: 'done', rowCount: await undone(app, async (session) => rowCountOf(await session.query<Found>(asked), table)) };
  } catch (error) {
    if (!(error instanceof TenantryError) || error.code === 'INTERNAL' || hadNoAnswer(error)) throw error;
    return { outcome: 'refused', error };
  }
}

interface Found extends Row {
  readonly found: number;
}

function rowCountOf({ rows: [row] }: SqlResult<Found>, table: string): number {
  if (row === undefined) throw new TenantryError('INTERNAL', `Nobody knows what app reads of ${table}.`);
  return row.found;
}
