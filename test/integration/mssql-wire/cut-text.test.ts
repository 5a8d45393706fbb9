import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { compiled, entryOf, ScriptedShard } from '../../support/scripted-shard.ts';

const options = { readOnly: true, timeoutMs: 10_000 };
const column = 'JSON_F52E2B61-18A1-11d1-B105-00805F49916B';
const read = compiled(sql`select n from Blogs for json path`);
/** As the server cuts it: some 2,000 characters a row. */
const parts = ['[{"n":1},', '{"n":2},', '{"n":3}]'];

let shard: ScriptedShard;

beforeEach(async () => {
  shard = await ScriptedShard.start();
  shard.answer = () => ({ columns: { [column]: 'nvarchar(max)' }, rows: parts.map((part) => [part]) });
});
afterEach(async () => await shard[Symbol.asyncDispose]());

describe('the text of FOR JSON, which the server cuts into rows', () => {
  test('is one row of an answer', async () => {
    const connection = await shard.connect();
    expect(await connection.execute(entryOf(1), read, options)).toEqual({ rows: [{ [column]: parts.join('') }], rowCount: 1 });
  });

  test('is one row of a stream', async () => {
    const connection = await shard.connect();
    const transaction = await connection.begin(entryOf(1), { ...options, isolation: 'read committed' });
    expect(await Array.fromAsync(transaction.stream(read))).toEqual([{ [column]: parts.join('') }]);
    await transaction.commit();
  });

  test('counts as a whole against the limit of an answer, also in a stream', async () => {
    shard.answer = () => ({ columns: { [column]: 'nvarchar(max)' }, rows: Array.from({ length: 10 }, () => ['x'.repeat(2_000)]) });
    const connection = await shard.connect({ answerBytes: 30_000 });
    await expect(connection.execute(entryOf(1), read, options)).rejects.toMatchObject({ code: 'ANSWER_TOO_LARGE' });
    const transaction = await connection.begin(entryOf(1), { ...options, isolation: 'read committed' });
    await expect(Array.fromAsync(transaction.stream(read))).rejects.toMatchObject({ code: 'ANSWER_TOO_LARGE' });
    await transaction.rollback();
  });

  test('without rows is no row', async () => {
    shard.answer = () => ({ columns: { [column]: 'nvarchar(max)' }, rows: [] });
    const connection = await shard.connect();
    expect(await connection.execute(entryOf(1), read, options)).toEqual({ rows: [], rowCount: 0 });
  });
});
