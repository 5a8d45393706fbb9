import { onTestFinished } from 'vitest';
import { sqlText } from '../../src/core/sql.ts';
import { loginsOf } from './grounds/logins.ts';
import { endSessions, mayStand } from './grounds/words.ts';
import { localByHand } from './shard-map-by-hand.ts';
import { enterStatement } from './shard-map-state.ts';
import type { ShardMapWorld } from './shard-map-world.ts';

/** A transaction of a tenant that is open until `leave` is called. */
export interface Inside {
  readonly leave: () => void;
  /** How it ended. */
  readonly done: Promise<string>;
  /** How it stands. */
  readonly state: () => string;
}

/** Opens a transaction of a tenant; it ends with the test at the latest, so that a test that fails does so at once. */
export async function goInside(world: ShardMapWorld, tenant: number, running = sqlText('select 1')): Promise<Inside> {
  const { statement, address } = (await enterStatement(world, tenant))!;
  const inside = Promise.withResolvers<void>();
  const outside = Promise.withResolvers<void>();
  let state = 'open';
  const done = world
    .app(address)
    .transaction(async (session) => {
      await session.query(mayStand);
      await session.query(statement);
      inside.resolve();
      await session.query(running);
      await outside.promise;
      await session.query(localByHand.addBlog(tenant, 'kept'));
      return 'committed';
    })
    .catch(() => 'ended')
    .then((end) => (state = end));
  onTestFinished(async () => {
    outside.resolve();
    if (state === 'open') await world.root(address).query(endSessions(loginsOf(address).app.user));
    await done;
  });
  const refused = done.then(() => Promise.reject(new Error(`Tenant ${tenant} was not let in.`)));
  await Promise.race([inside.promise, refused]);
  return { leave: outside.resolve, done, state: () => state };
}
