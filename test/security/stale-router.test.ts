import { defences } from './defences.ts';
import { describeAttacks, succeeded, type Attack } from './support/attack.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { enter, entryOf, routedTables, shardId } from './support/world.ts';
import { signerOfTests } from '../support/accepting.ts';

/** A router that believes what was true once, with the token it had then. */
const believe =
  (tenant: number, epoch = 5): Attack =>
  async (world) => {
    const client = await world.app();
    await client.query('begin');
    try {
      await enter(client, tenant, entryOf(tenant, epoch));
      return succeeded;
    } finally {
      await client.query('rollback');
    }
  };

describeAttacks(
  'A stale router',
  {
    'with an epoch that is over': believe(2, 4),
    'at a tombstone': believe(3),
    'at a mapping that is being drained': believe(5),
    'at a mapping that is only coming': believe(6),
    'at a server that was restored or replaced': async ({ admin, careless, ...world }) => {
      const { rows } = await admin.run<{ incarnation: string }>('engine/incarnation');
      const now = String(rows[0]?.incarnation);
      const connection = await createPostgresEngine().connect(
        { engine: 'postgres', host: world.host, port: world.port, database: world.database, tls: 'disable' },
        world.appLogin,
        {
          shardId,
          incarnation: careless ? now : `${now}0`,
          signer: signerOfTests(shardId),
          tables: routedTables,
          contextProtection: world.protection,
        },
      );
      await connection.close();
      return succeeded;
    },
    'at a shard that never had the mapping': believe(4),
  },
  defences['stale routers'],
);
