import { afterEach, describe, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { answerCount, committed, compiled, connectScripted, entered, wireEntry } from '../../support/mssql-wire.ts';
import type { TdsScript } from '../../support/tds/script.ts';
import { startTdsServer, type TdsServer } from '../../support/tds/server.ts';
import { columnsToken, doneStatus, doneToken, rowToken } from '../../support/tds/tokens.ts';
import type { MssqlConnection } from '../../../src/engine/mssql/mssql-connection.ts';

const options = { readOnly: false, timeoutMs: 10_000 };
const columns = { id: 'int', big: 'bigint', name: 'nvarchar(40)', amount: 'decimal(18,4)', bytes: 'varbinary(16)' };

describe('a routed statement on the wire of SQL Server', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function connect(
    request: TdsScript['request'],
    settings?: Parameters<typeof connectScripted>[1],
  ): Promise<{ server: TdsServer; connection: MssqlConnection }> {
    const server = await startTdsServer({ request });
    closing.push(() => server.close());
    const connection = await connectScripted(server, settings);
    closing.push(() => connection.close());
    return { server, connection };
  }

  test('is one message, with typed parameters, and gives rows whose numbers are exact', async () => {
    const { server, connection } = await connect(async (_, answer) => {
      await answer.end(
        ...entered(),
        columnsToken(columns),
        rowToken(columns, [1, 9007199254740993n, 'a', '12345678901.2345', Uint8Array.of(1, 2)]),
        doneToken('DONEINPROC', doneStatus.more, 1),
        ...committed(),
      );
    });
    const result = await connection.execute(wireEntry, compiled(sql`select * from Blogs where id = ${1} and name = ${'a'}`), options);
    expect(result).toEqual({
      rows: [{ id: 1, big: '9007199254740993', name: 'a', amount: '12345678901.2345', bytes: Buffer.from([1, 2]) }],
      rowCount: 1,
    });
    const requests = server.recording.requests();
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      kind: 'rpc',
      procedure: 'sp_executesql',
      reset: false,
      transaction: 0n,
      parameters: [
        { name: '@tenantry_mapping', declared: 'int', value: 7 },
        { name: '@tenantry_key', declared: 'varbinary(128)' },
        { name: '@tenantry_epoch', declared: 'bigint', value: 5n },
        { name: '@tenantry_token', declared: 'varbinary(16)' },
        { name: '@tenantry_statement', declared: 'nvarchar(max)', value: 'select * from Blogs where id = @p1 and name = @p2' },
        { name: '@tenantry_done', declared: 'bit', value: null },
        { name: '@p1', declared: 'int', value: 1 },
        { name: '@p2', declared: 'nvarchar(40)', value: 'a' },
      ],
    });
    expect(connection.usable).toBe(true);
  });

  test('asks for a reset on every use after the first, once each', async () => {
    const { server, connection } = await connect((_, answer) => answerCount(answer, 1));
    for (let use = 0; use < 3; use += 1)
      expect(await connection.execute(wireEntry, compiled(sql`update Blogs set Name = ${'x'}`), options)).toEqual({
        rows: [],
        rowCount: 1,
      });
    expect(server.recording.requests().map(({ reset, statuses }) => ({ reset, statuses }))).toEqual([
      { reset: false, statuses: [1] },
      { reset: true, statuses: [9] },
      { reset: true, statuses: [9] },
    ]);
  });
});
