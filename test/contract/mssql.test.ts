import { encodeInt } from '../../shardmap/key-encoding.ts';
import { sql } from '../../src/core/sql.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { createMssqlEngine } from '../../src/engine/mssql/mssql-engine.ts';
import { addPoint } from '../support/add-point.ts';
import { describeNeeding } from '../support/describe-needing.ts';
import { createMssqlTestShard } from '../support/mssql-shard.ts';
import { startWireProxy } from '../support/wire-proxy.ts';
import { describeEngine, type EngineGround } from './engine.contract.ts';
import { expectationsOf } from '../support/shard-expectations.ts';

describeNeeding('mssql', 'SQL Server itself', () => {
  describeEngine('SQL Server', openGround);
});

async function openGround(): Promise<EngineGround> {
  const shard = await createMssqlTestShard();
  // Its pieces are those of the socket: what was sent for a message, and what came back.
  const proxy = await startWireProxy(shard.address, 'opaque');
  const engine = createMssqlEngine();
  const entry = (tenant: number): Entry => ({
    mappingId: tenant,
    key: encodeInt(tenant),
    epoch: 5,
    token: new Uint8Array(16).fill(tenant),
  });
  for (const tenant of [1, 2]) await addPoint(shard.admin, entry(tenant));
  return {
    connect: () => engine.connect({ ...shard.address, host: proxy.host, port: proxy.port }, shard.logins.app, expectationsOf(shard)),
    entry,
    setMapping: async (tenant, { state = 'ONLINE', epoch = 5, movedTo }) => {
      const token = movedTo === undefined ? entry(tenant).token : null;
      await shard.admin.query(sql`UPDATE [tenantry].[local_mapping]
        SET [state] = ${state}, [epoch] = ${epoch}, [token] = CAST(${token} AS varbinary(16)),
          [moved_to] = ${movedTo?.shardId ?? null}, [moved_epoch] = ${movedTo?.epoch ?? null}
        WHERE [mapping_id] = ${tenant}`);
    },
    countBlogs: async () => {
      await shard.root.query(sql`ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = OFF)`);
      const { rows } = await shard.root.query<{ n: number }>(sql`SELECT COUNT(*) AS n FROM [dbo].[Blogs]`);
      await shard.root.query(sql`ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = ON)`);
      return rows[0]!.n;
    },
    clearBlogs: async () => void (await shard.root.query(sql`TRUNCATE TABLE [dbo].[Blogs]`)),
    roundTrips: async (work) => (await proxy.count(work)).roundTrips,
    cutNextAnswer: () =>
      void proxy.once({ when: 'before', match: (piece) => piece.side === 'backend', action: (connection) => connection.cut() }),
    onNext: (moment, action) => {
      const side = moment === 'sent' ? 'frontend' : 'backend';
      return proxy.once({ when: moment === 'answering' ? 'before' : 'after', match: (piece) => piece.side === side, action });
    },
    sleep: (ms) => sql`DECLARE @wait datetime = DATEADD(ms, ${ms}, CAST(0 AS datetime)); WAITFOR DELAY @wait; SELECT 1 AS [waited]`,
    begin: sql`BEGIN TRANSACTION`,
    readOnlyTransactions: false,
    streamRoundTrips: 1,
    close: async () => {
      await proxy.close();
      await shard.close();
    },
  };
}
