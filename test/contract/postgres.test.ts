import { randomBytes } from 'node:crypto';
import { encodeInt } from '../../shardmap/key-encoding.ts';
import { sql } from '../../src/core/sql.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { createTestShard, shardLogins } from '../support/postgres-shard.ts';
import { startPostgres } from '../support/servers/postgres.ts';
import { startWireProxy } from '../support/wire-proxy.ts';
import type { WireMessage } from '../support/wire-message.ts';
import { describeEngine, type EngineGround } from './engine.contract.ts';
import { expectationsOf } from '../support/shard-expectations.ts';

describeEngine('PostgreSQL', () => openGround(true));
describeEngine('PostgreSQL, entries of which no more is known than that they fit a mapping', () => openGround(false));

async function openGround(isPoint: boolean): Promise<EngineGround> {
  const server = await startPostgres({ fsync: false });
  const shard = await createTestShard(server, 'contract');
  const proxy = await startWireProxy(server);
  const engine = createPostgresEngine();
  const tokens = new Map([1, 2].map((tenant) => [tenant, randomBytes(16)]));
  const entry = (tenant: number): Entry => ({ mappingId: tenant, key: encodeInt(tenant), epoch: 5, token: tokens.get(tenant)!, isPoint });
  return {
    connect: () => engine.connect({ ...shard.address, host: proxy.host, port: proxy.port }, shardLogins.app, expectationsOf(shard)),
    entry,
    setMapping: async (tenant, { state = 'ONLINE', epoch = 5, movedTo }) => {
      const token = movedTo === undefined ? entry(tenant).token : null;
      await shard.admin.query(sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token, moved_to, moved_epoch)
        values (${tenant}, 'point', ${encodeInt(tenant)}, ${state}, ${epoch}, ${token}, ${movedTo?.shardId ?? null}, ${movedTo?.epoch ?? null})
        on conflict (mapping_id) do update set state = excluded.state, epoch = excluded.epoch, token = excluded.token,
          moved_to = excluded.moved_to, moved_epoch = excluded.moved_epoch`);
    },
    countBlogs: async () => (await shard.root.query<{ n: number }>(sql`select count(*) as n from "Blogs"`)).rows[0]!.n,
    clearBlogs: async () => void (await shard.root.query(sql`delete from "Blogs"`)),
    roundTrips: async (work) => (await proxy.count(work)).roundTrips,
    cutNextAnswer: () =>
      void proxy.once({ when: 'before', match: (message) => message.type === '2', action: (connection) => connection.cut() }),
    onNext: (moment, action) => {
      const [side, type] = moment === 'sent' ? ['frontend', 'S'] : ['backend', 'Z'];
      const match = (message: WireMessage): boolean => message.side === side && message.type === type;
      return proxy.once({ when: moment === 'answering' ? 'before' : 'after', match, action });
    },
    sleep: (ms) => sql`select pg_sleep(${ms / 1_000})`,
    begin: sql`begin`,
    readOnlyTransactions: true,
    streamRoundTrips: 3,
    close: async () => {
      await proxy.close();
      await shard.close();
      await server.stop();
    },
  };
}
