import { sql } from '../../core/sql.ts';
import { nameOf } from '../../engine/qualified-tables.ts';
import type { LocatedTable } from '../model.ts';
import { isForbidden, reaches } from './expectations.ts';
import type { Stage } from './rehearse.ts';
import { rowKey, type SampleRows } from './sample-rows.ts';
import { given, tenant, triedBy, type Probe, type TriedStatement } from './tried-statements.ts';

/** What a tenant may with a reference table: read it, and nothing else. */
export async function referenceProbes(stage: Stage, samples: SampleRows, table: LocatedTable): Promise<Probe[]> {
  const name = nameOf(table);
  const row = await samples.keep(name, { number: 1 });
  const another = await samples.compose(name, { number: 2 });
  const at = sql.id(table.schema, table.table);
  const [first] = row.values;
  const that = stage.samples.row(at, rowKey(row)) ?? { condition: rowKey(row) };
  const set = first === undefined ? undefined : sql`${sql.id(first.column.name)} = ${first.value}`;
  const update: readonly TriedStatement[] =
    set === undefined ? [] : [['update', sql`update ${at} set ${set} where ${that.condition}`, isForbidden, that]];
  return triedBy(tenant, name, [
    ['select of a reference table', sql`select 1 as found from ${at} where ${rowKey(row)}`, reaches(1)],
    ['insert', stage.samples.insert(at, given(another)), isForbidden],
    ...update,
    ['delete', sql`delete from ${at} where ${that.condition}`, isForbidden, that],
  ]);
}
