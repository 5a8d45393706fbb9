import { expect, it } from 'vitest';
import { encodeInt } from '../../../shardmap/key-encoding.ts';
import { SqlShardMapStore } from '../../../shardmap/sql-store.ts';
import type { Row, SqlDatabase, SqlResult } from '../../../src/core/session.ts';

/* What a catalog on SQL Server without row versions answers who reads while it is changed: no server of PostgreSQL does. */

/** A catalog that answers these rows, one look-up after another. */
function answering(...answers: readonly (Row | undefined)[]): { readonly store: SqlShardMapStore; readonly asked: string[] } {
  const asked: string[] = [];
  const run = async (file: string): Promise<SqlResult> => {
    const row = answers[asked.push(file) - 1];
    return { rows: row === undefined ? [] : [row], rowCount: row === undefined ? 0 : 1 };
  };
  return { store: new SqlShardMapStore({ run } as unknown as SqlDatabase), asked };
}

const mapping = (mappingId: number, kind: 'range' | 'point', low: number, high: number | null): Row => ({
  mappingId,
  mapId: 1,
  kind,
  low: encodeInt(low),
  high: high === null ? null : encodeInt(high),
  shardId: 'a',
  state: 'ONLINE',
  epoch: 1,
  operationId: null,
});

it('finds a key whose range was split while the look-up waited, and met the first part alone', async () => {
  const { store } = answering(mapping(2, 'range', 100, 150), mapping(3, 'range', 150, 200));
  expect(await store.findMapping(1, encodeInt(170))).toMatchObject({ mappingId: 3 });
});

it.each([
  ['a key behind the last range, which is looked for twice', mapping(2, 'range', 100, 150), 2],
  ['a tenant of a list map, which is looked for once', mapping(2, 'point', 100, null), 1],
  ['a key before the first mapping, which is looked for once', undefined, 1],
])('does not find %s', async (_title, row, times) => {
  const { store, asked } = answering(row, row);
  expect(await store.findMapping(1, encodeInt(170))).toBeUndefined();
  expect(asked).toEqual(Array.from({ length: times }, () => 'catalog/find-mapping'));
});
