import { sql, type Sql } from '../../core/sql.ts';
import { nameOf } from '../../engine/qualified-tables.ts';
import type { AttemptOutcome } from '../../engine/rehearsal.ts';
import type { SentinelName, Stage } from './rehearse.ts';
import type { SampleRow, SampleRows } from './sample-rows.ts';
import { admin, given, type Prepared } from './tried-statements.ts';

/** What is run before a row of each tenant is inserted. */
export type Room = Readonly<Record<SentinelName, Prepared>>;

/**
 * What is run before a row of each tenant is inserted beside the one that was made up before. Nothing, where both can stand. Where a
 * unique key admits one alone, that one is taken away, so that not the key answers for what must refuse the insert, or let it through.
 * Where not even that makes room: nothing, and the insert tells. Comes after all rows that stay.
 */
export async function roomFor(stage: Stage, samples: SampleRows, rows: Readonly<Record<SentinelName, SampleRow>>): Promise<Room> {
  const insertOf = (row: SampleRow): Sql => stage.samples.insert(sql.id(row.table.schema, row.table.table), given(row));
  const room = async (tenant: SentinelName, outcome: AttemptOutcome | undefined): Promise<Prepared> => {
    if (outcome?.outcome !== 'refused' || outcome.error.code !== 'CONFLICT') return {};
    const row = rows[tenant];
    const before = samples.takeAway(nameOf(row.table), stage.tenants[tenant]);
    const attempt = await stage.attempt(admin, sql`${before}; ${insertOf(row)}`);
    return attempt.outcome === 'done' ? { before } : {};
  };
  const beside = (['a', 'b'] as const).map((tenant) => ({ as: admin, statement: insertOf(rows[tenant]) }));
  const [ofA, ofB] = await stage.attemptAll(beside);
  return { a: await room('a', ofA), b: await room('b', ofB) };
}
