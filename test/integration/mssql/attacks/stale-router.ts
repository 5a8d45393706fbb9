import { succeeded } from '../../../support/attacks.ts';
import type { Attack } from '../support/attempts.ts';
import { enter, entryOf } from '../support/entries.ts';
import type { World } from '../support/world.ts';

/** A router that believes what was true once, with the token it had then. */
const believe =
  (tenant: number, epoch = 5): Attack =>
  async (world) => {
    await world.app().transaction((session) => enter(session, tenant, entryOf(tenant, epoch)));
    return succeeded;
  };

/** A stale router. */
export const staleRouter = {
  'with an epoch that is over': believe(2, 4),
  'at a tombstone': believe(3),
  'at a mapping that is being drained': believe(5),
  'at a mapping that is only coming': believe(6),
  'at a mapping that is offline': believe(8),
  'at a shard that never had the mapping': believe(4),
  'at a server that was restored or replaced': async (world: World) => {
    await (await world.connect((is) => (world.careless ? is : `${is}0`))).close();
    return succeeded;
  },
};
