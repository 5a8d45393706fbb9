import type { Clock } from '../../core/clock.ts';
import type { Login } from '../../core/principal.ts';
import type { SqlDatabase } from '../../core/session.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import type { OpenOptions } from '../engine.ts';
import { openDefaults, ownDatabase } from '../own-database.ts';
import { ConnectionSet } from './connection-set.ts';
import { logIn } from './login.ts';
import { MssqlOwnSession } from './own-session.ts';
import type { QueryLibrary } from './query-library.ts';
import { WireClient } from './wire-client.ts';

/** What a database for the program's own work is opened with. */
interface DatabaseDependencies {
  readonly library: QueryLibrary;
  readonly clock: Clock;
}

/** One database for the program's own work, over a few connections opened when first used. */
export function openMssqlDatabase(
  address: ShardAddress,
  login: Login,
  { library, clock }: DatabaseDependencies,
  options: OpenOptions = {},
): SqlDatabase {
  const { connections, connectTimeoutMs, statementTimeoutMs = Infinity } = { ...openDefaults, ...options };
  const set = new ConnectionSet(connections, clock, async () => {
    const held = await logIn(address, login, { clock, timeoutMs: connectTimeoutMs });
    return new WireClient(held, { clock, answerBytes: Infinity, bigints: 'number' });
  });
  return ownDatabase({
    use: async (work) => {
      const wire = await set.take();
      wire.beginUse();
      try {
        return await work(new MssqlOwnSession(wire, library, statementTimeoutMs));
      } finally {
        if (wire.inTransaction || wire.busy) wire.discard();
        await set.give(wire);
      }
    },
    close: () => set.close(),
  });
}
