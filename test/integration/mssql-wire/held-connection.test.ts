import { setFlagsFromString } from 'node:v8';
import { Connection } from 'tedious';
import { expect, test, vi } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { compiled, entryOf, ScriptedShard } from '../../support/scripted-shard.ts';

test('all connections of the driver are of one shape: V8 would be slow with each of them otherwise', async () => {
  setFlagsFromString('--allow-natives-syntax');
  // oxlint-disable-next-line no-implied-eval -- there is no other way to say what only V8 knows.
  const isFast = new Function('one', 'other', 'return %HasFastProperties(other) && %HaveSameMap(one, other)') as (
    one: unknown,
    other: unknown,
  ) => boolean;
  await using shard = await ScriptedShard.start();
  const sent = vi.spyOn(Connection.prototype, 'execSql');
  for (let index = 0; index < 3; index += 1) {
    const connection = await shard.connect();
    await connection.execute(entryOf(1), compiled(sql`select n from t`), { readOnly: true, timeoutMs: 10_000 });
  }
  const [first, ...others] = sent.mock.contexts;
  sent.mockRestore();
  expect(others.map((other) => isFast(first, other))).toEqual([true, true]);
});
