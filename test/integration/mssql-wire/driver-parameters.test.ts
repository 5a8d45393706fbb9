import mssql from 'mssql';
import { describe, expect, test } from 'vitest';
import type { RpcRequest } from '../../support/tds/request.ts';
import { failureOf, pooledDriver, serveDriver } from '../../support/tds/driver.ts';

/* What the engine for SQL Server builds on: a driver that behaves otherwise is noticed here first. */

describe('parameters', () => {
  test('arrive with their declared types and exact values, and so do NULLs', async () => {
    const server = await serveDriver();
    const pool = await pooledDriver(server);
    const types = [
      ['int', mssql.Int, -5, -5],
      ['bigint', mssql.BigInt, '9007199254740993', 9_007_199_254_740_993n],
      ['uniqueidentifier', mssql.UniqueIdentifier, '00112233-4455-6677-8899-aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
      ['nvarchar(40)', mssql.NVarChar(40), 'wäßrig 🐙', 'wäßrig 🐙'],
      ['varbinary(16)', mssql.VarBinary(16), Buffer.from('00ff10', 'hex'), Buffer.from('00ff10', 'hex')],
      ['bit', mssql.Bit, true, true],
      ['datetime2(7)', mssql.DateTime2(7), new Date('2026-11-21T10:11:12.123Z'), '2026-11-21T10:11:12.1230000'],
    ] as const;
    const request = pool.request();
    for (const [index, [, type, value]] of types.entries()) request.input(`p${index}`, type, value).input(`n${index}`, type, null);
    await request.query('select 1');
    const { parameters } = server.recording.requests()[0] as RpcRequest;
    expect(parameters).toEqual(
      types.flatMap(([type, , , value], index) => [
        { name: `@p${index}`, type, declared: type, value },
        { name: `@n${index}`, type, declared: type, value: null },
      ]),
    );
  });

  test('text without a length is declared as long as it is: a plan for every length', async () => {
    const server = await serveDriver();
    const pool = await pooledDriver(server);
    for (const text of ['a', 'abc']) await pool.request().input('p', mssql.NVarChar, text).query('select @p');
    expect(server.recording.requests()).toMatchObject([
      { parameters: [{ declared: 'nvarchar(1)' }] },
      { parameters: [{ declared: 'nvarchar(3)' }] },
    ]);
  });

  test('a value too long for its declared type is sent', async () => {
    const server = await serveDriver();
    const pool = await pooledDriver(server);
    await pool.request().input('p', mssql.NVarChar(2), 'abcdef').query('select @p');
    expect(server.recording.requests()).toMatchObject([{ parameters: [{ type: 'nvarchar(2)', value: 'abcdef' }] }]);
  });

  test('decimals pass through a JavaScript number, both ways', async () => {
    const columns = { d: 'decimal(18,4)' };
    const server = await serveDriver({ request: (_request, answer) => answer.rows(columns, [['12345678901234.5678']]) });
    const pool = await pooledDriver(server);
    const { recordset } = await pool.request().input('p', mssql.Decimal(18, 4), '12345678901234.5678').query('select @p');
    expect(server.recording.requests()).toMatchObject([{ parameters: [{ type: 'decimal(18,4)', value: '12345678901234.5680' }] }]);
    expect(recordset[0]).toEqual({ d: 12_345_678_901_234.568 });
  });

  test('a datetime2 of a row loses what is below a millisecond; what the driver kept of it is in nanosecondsDelta', async () => {
    const server = await serveDriver({
      request: (_request, answer) => answer.rows({ t: 'datetime2(7)' }, [['2026-11-21T10:11:12.1234567']]),
    });
    const { recordset } = await (await pooledDriver(server)).request().query('select 1');
    expect((recordset[0] as { t: Date }).t.toISOString()).toBe('2026-11-21T10:11:12.123Z');
  });

  test('64-bit integers of a row are text', async () => {
    const server = await serveDriver({ request: (_request, answer) => answer.rows({ b: 'bigint' }, [[9_007_199_254_740_993n]]) });
    expect((await (await pooledDriver(server)).request().query('select 1')).recordset).toEqual([{ b: '9007199254740993' }]);
  });

  test('a bad int or GUID is EPARAM, and nothing is sent', async () => {
    const server = await serveDriver();
    const pool = await pooledDriver(server);
    for (const [type, value] of [
      [mssql.Int, 'x'],
      [mssql.Int, 2 ** 31],
      [mssql.UniqueIdentifier, 'no guid'],
    ] as const)
      expect(await failureOf(pool.request().input('p', type, value).query('select @p'))).toMatchObject({ code: 'EPARAM' });
    expect(server.recording.requests()).toEqual([]);
  });

  test('batch() writes parameters into the text', async () => {
    const server = await serveDriver();
    await (await pooledDriver(server)).request().input('p', mssql.Int, 5).batch('select @p');
    expect(server.recording.requests()).toMatchObject([{ kind: 'batch', text: expect.stringMatching(/declare @p int\s*=?.*5/is) }]);
  });
});
