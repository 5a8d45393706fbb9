import mssql from 'mssql';
import { describe, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { compiled, entryOf } from '../../support/scripted-shard.ts';
import { useScriptedConnection } from '../../support/scripted-connection.ts';
import type { ColumnValue } from '../../support/tds/column-value.ts';
import { openPool } from '../../support/tds/pool.ts';
import { startTdsServer } from '../../support/tds/server.ts';

/* Ways of the driver that the engine is written around: a release that has others is noticed here first. */

const options = { readOnly: false, timeoutMs: 10_000 };

const wire = useScriptedConnection();

/** The row that a tenant's query gets, where the server answers with these values. */
async function rowOf(columns: Readonly<Record<string, string>>, row: readonly ColumnValue[]): Promise<unknown> {
  wire.shard.answer = () => ({ columns, rows: [row] });
  const { rows } = await wire.connection.execute(entryOf(1), compiled(sql`select n from t`), options);
  return rows[0];
}

describe('a login', () => {
  test('sends one batch of SETs after it, and asks for no ANSI options in itself: a reset would not bring them back', () => {
    const { recording } = wire.shard.server;
    const sent = recording.of('packet').filter(({ from }) => from === 'client');
    expect(sent.map(({ type }) => type)).toEqual(['PRELOGIN', 'LOGIN7', 'SQL_BATCH']);
    expect(recording.of('login')[0]!.login).toMatchObject({ user: 'app', database: 'shard', odbc: false });
  });

  test('leaves nothing of its password in what is recorded of it', () => {
    const packets = wire.shard.server.recording.of('packet').map(({ bytes }) => bytes);
    const scrambled = Array.from(Buffer.from('a secret', 'utf16le'), (byte) => (((byte & 0x0f) << 4) | (byte >> 4)) ^ 0xa5);
    expect(packets.some((bytes) => bytes.includes(Buffer.from('shard', 'utf16le')))).toBe(true);
    expect(packets.some((bytes) => bytes.includes(Buffer.from(scrambled)))).toBe(false);
  });

  test('does not tell of an error that answers these SETs: every message sets what it needs', async () => {
    Object.assign(wire.shard.model, { initialSql: (answer: { error(error: object): unknown }) => answer.error({ number: 195 }) });
    await wire.reconnect();
    wire.shard.server.recording.take();
    await wire.connection.execute(entryOf(1), compiled(sql`select n from t`), options);
    expect(wire.shard.server.recording.requests()[0]!.text).toMatch(/^SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, /);
  });
});

describe('values of a row', () => {
  test('come in these forms', async () => {
    const row = {
      tiny: ['tinyint', 255, 255],
      small: ['smallint', -5, -5],
      int: ['int', 2_147_483_647, 2_147_483_647],
      big: ['bigint', 9_007_199_254_740_993n, '9007199254740993'],
      bit: ['bit', true, true],
      float: ['float', 0.1, 0.1],
      id: ['uniqueidentifier', '00112233-4455-6677-8899-aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
      text: ['nvarchar(40)', 'wäßrig 🐙', 'wäßrig 🐙'],
      long: ['nvarchar(max)', 'x'.repeat(9_000), 'x'.repeat(9_000)],
      bytes: ['varbinary(16)', Uint8Array.of(0, 255), Buffer.from([0, 255])],
      date: ['date', '2026-11-21', new Date('2026-11-21T00:00:00.000Z')],
      none: ['decimal(18,4)', null, null],
    } as const satisfies Readonly<Record<string, readonly [type: string, sent: ColumnValue, read: unknown]>>;
    const columns = Object.fromEntries(Object.entries(row).map(([name, [type]]) => [name, type]));
    const sent = Object.values(row).map(([, value]) => value);
    const read = Object.fromEntries(Object.entries(row).map(([name, [, , value]]) => [name, value]));
    expect(await rowOf(columns, sent)).toEqual(read);
  });

  test('are rounded where they are decimals of more than 15 digits, which is an error and no other number', async () => {
    expect(await rowOf({ d: 'decimal(18,4)' }, ['-12345678901.2345'])).toEqual({ d: '-12345678901.2345' });
    await expect(rowOf({ d: 'decimal(18,4)' }, ['12345678901234.5678'])).rejects.toMatchObject({
      code: 'INTERNAL',
      detail: expect.stringContaining('more than 15 digits'),
    });
  });

  test('are Dates where they are times, with what is below a millisecond in nanosecondsDelta', async () => {
    const { t } = (await rowOf({ t: 'datetime2(7)' }, ['2026-11-21T10:11:12.1234567'])) as { t: Date & { nanosecondsDelta: number } };
    expect(t.toISOString()).toBe('2026-11-21T10:11:12.123Z');
    expect(t.nanosecondsDelta).toBeCloseTo(0.0004567, 10);
  });
});

/* What the engine's cost is measured against (`npm run bench -- mssql-routing`). */
test('a bare request of mssql is one message, where its pool does not ask SELECT 1 before each', async () => {
  await using server = await startTdsServer({ request: (_request, answer) => answer.rows({ n: 'int' }, [[1]]) });
  for (const [validateConnection, texts] of [
    [true, ['SELECT 1;', 'select @p']],
    [false, ['select @p']],
  ] as const) {
    const pool = await openPool(server, { validateConnection });
    server.recording.take();
    await pool.request().input('p', mssql.Int, 1).query('select @p');
    expect(server.recording.requests().map(({ text }) => text)).toEqual(texts);
    await pool.close();
  }
});
