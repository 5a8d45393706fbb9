import { afterAll, beforeAll, expect, it } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { TestShardAccess } from '../../support/shard-map-access.ts';
import { startPostgresWorld, type PostgresWorld } from '../../support/shard-map-world.ts';

let world: PostgresWorld;
beforeAll(async () => {
  world = await startPostgresWorld('list');
});
afterAll(async () => {
  await world?.close();
});

it('a shard that has no room for another connection is not compared, and keeps no other from it', async () => {
  const { address } = (await world.store.findShard('a'))!;
  const access = new TestShardAccess();
  await world.root(address).query(sql`alter database ${sql.id(address.database)} connection limit 0`);
  try {
    const report = await world.createManager({ access }).recover();
    expect(report).toMatchObject({ compared: ['a', 'b'], disagreements: [{ shard: 'a', what: 'unreachable', onShard: 'no answer' }] });
  } finally {
    await world.root(address).query(sql`alter database ${sql.id(address.database)} connection limit -1`);
    await access.close();
  }
});
