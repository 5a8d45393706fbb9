import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ShardAddress } from '../../../src/core/shard-address.ts';
import { allOnPostgres, describeOnEachGround, type MapGrounds } from '../../support/grounds/map-grounds.ts';
import { mortalManager, type Death } from '../../support/mortal-manager.ts';
import { expectSettledBySweep } from '../../support/shard-map-chaos.ts';
import { callManager } from '../../support/shard-map-child.ts';
import { scenarios } from '../../support/shard-map-scenarios.ts';
import { readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';

/** On PostgreSQL processes are killed at every point (`test/chaos/shardmap-kill`): half of them are enough here. */
function momentsOf(grounds: MapGrounds, transaction: number): readonly Death['when'][] {
  if (grounds !== allOnPostgres) return ['before', 'after'];
  return [transaction % 2 === 0 ? 'after' : 'before'];
}

describeOnEachGround(
  'a runner that is gone at any transaction leaves a change that a sweep brings to its end',
  (grounds) => {
    let worlds: Readonly<Record<'list' | 'range', ShardMapWorld>>;
    let spare: ShardAddress;
    let number = 0;
    beforeAll(async () => {
      const [list, range] = await Promise.all([startShardMapWorld(grounds, 'list', ['a']), startShardMapWorld(grounds, 'range', ['a'])]);
      worlds = { list, range };
      spare = await list.prepareDatabase('spare');
    });
    afterAll(async () => {
      for (const world of Object.values(worlds ?? {})) await world.close();
    });

    it.each(scenarios(() => spare).map((scenario) => [scenario.title, scenario] as const))(
      '%s',
      { timeout: 300_000 },
      async (_title, scenario) => {
        const world = worlds[scenario.kind];
        const ends = new Set<string>();
        let survived = false;
        for (let transaction = 1; !survived; transaction += 1) {
          for (const when of momentsOf(grounds, transaction)) {
            const call = await scenario.prepare(world, ++number);
            const { version } = await readState(world);
            const { manager, lives } = mortalManager(world, { transaction, when });
            const told = await callManager(manager, call).then(
              () => 'done',
              () => 'failed',
            );
            survived = lives();
            expect(told, `${when} transaction ${transaction}`).toBe(survived ? 'done' : 'failed');
            ends.add(await expectSettledBySweep(scenario, world, number, version));
          }
        }
        expect(ends).toEqual(new Set(['before', 'after']));
      },
    );
  },
  'also mixed',
);
