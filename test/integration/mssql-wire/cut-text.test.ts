import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { compiled, entryOf, ScriptedShard } from '../../support/scripted-shard.ts';
import type { StatementAnswer } from '../../support/tds/model/statement.ts';
import { columnsToken, rowToken } from '../../support/tds/tokens.ts';

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
  test.each([column, 'XML_F52E2B61-18A1-11d1-B105-00805F49916B'])('is one row of an answer, as that of FOR XML: %s', async (name) => {
    shard.answer = () => ({ columns: { [name]: 'nvarchar(max)' }, rows: parts.map((part) => [part]) });
    const connection = await shard.connect();
    expect(await connection.execute(entryOf(1), read, options)).toEqual({ rows: [{ [name]: parts.join('') }], rowCount: 1 });
  });

  test('is not joined of a column that only has its name, beside another one', async () => {
    shard.answer = () => ({ columns: { [column]: 'nvarchar(max)', n: 'int' }, rows: parts.map((part, n) => [part, n]) });
    const connection = await shard.connect();
    const { rows } = await connection.execute(entryOf(1), read, options);
    expect(rows).toEqual(parts.map((part, n) => ({ [column]: part, n })));
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

  test('is whole also where nothing is said of the end of its statement, as under SET NOCOUNT ON', async () => {
    const columns = { [column]: 'nvarchar(max)' };
    shard.answer = async ({ answer }): Promise<StatementAnswer> => {
      for (const text of ['[{"n":0}]', ...parts]) {
        if (text === '[{"n":0}]' || text === parts[0]) await answer.send(columnsToken(columns));
        await answer.send(rowToken(columns, [text]));
      }
      return 'sent';
    };
    const connection = await shard.connect();
    expect((await connection.execute(entryOf(1), read, options)).rows).toEqual([{ [column]: parts.join('') }]);
    const transaction = await connection.begin(entryOf(1), { ...options, isolation: 'read committed' });
    expect(await Array.fromAsync(transaction.stream(read))).toEqual([{ [column]: '[{"n":0}]' }, { [column]: parts.join('') }]);
    await transaction.commit();
  });

  test('is no column of numbers that a statement names like it', async () => {
    shard.answer = () => ({ columns: { [column]: 'int' }, rows: [[1], [null], [2]] });
    const connection = await shard.connect();
    const { rows } = await connection.execute(entryOf(1), read, options);
    expect(rows).toEqual([{ [column]: 1 }, { [column]: null }, { [column]: 2 }]);
  });

  test('counts alone in a stream, whatever came before it', async () => {
    const columns = { text: 'nvarchar(max)' };
    shard.answer = async ({ answer }) => {
      await answer.send(columnsToken(columns), ...Array.from({ length: 20 }, () => rowToken(columns, ['x'.repeat(2_000)])));
      return { columns: { [column]: 'nvarchar(max)' }, rows: parts.map((part) => [part]) };
    };
    const connection = await shard.connect({ answerBytes: 30_000 });
    const transaction = await connection.begin(entryOf(1), { ...options, isolation: 'read committed' });
    expect((await Array.fromAsync(transaction.stream(read))).at(-1)).toEqual({ [column]: parts.join('') });
    await transaction.commit();
  });
});
