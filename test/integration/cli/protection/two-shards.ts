import type { SqlDatabase } from '../../../../src/core/session.ts';
import { createCliWorld, type CliWorld } from '../world.ts';

/** A catalog with the shards a and b; the databases as their server's superuser. */
export interface TwoShards {
  readonly world: CliWorld;
  readonly catalog: SqlDatabase;
  readonly a: SqlDatabase;
  readonly b: SqlDatabase;
}

/** Starts a server, and adds both shards. */
export async function startTwoShards(): Promise<TwoShards> {
  const world = await createCliWorld();
  const a = await world.createShardDatabase('shop_a');
  const b = await world.createShardDatabase('shop_b');
  const place = `--host ${world.server.host} --port ${world.server.port}`;
  for (const line of ['map create', ...['a', 'b'].map((name) => `shard add ${name} ${place} --database shop_${name} --bootstrap`)]) {
    const { code, err } = await world.run(line);
    if (code !== 0) throw new Error(`${line}: ${err}`);
  }
  return { world, catalog: world.openDatabase('catalog'), a, b };
}
