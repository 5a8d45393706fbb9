import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantryError } from '../../src/core/errors.ts';
import { atPoint, isCommit, type CommitMoment } from '../support/commit-points.ts';
import { callManager } from '../support/shard-map-child.ts';
import { countPointsOf, endLeases, expectSettledBySweep, ShardMapChaos } from '../support/shard-map-chaos.ts';
import { scenarios, type Scenario } from '../support/shard-map-scenarios.ts';
import { expectSettled, readState } from '../support/shard-map-state.ts';

let chaos: ShardMapChaos;
beforeAll(async () => {
  chaos = await ShardMapChaos.start();
});
afterAll(async () => {
  await chaos?.close();
});

const titles = scenarios(() => {
  throw new Error('Only their titles are asked for.');
}).map(({ title }) => title);
const moments: readonly CommitMoment[] = ['request', 'answer'];

function scenarioOf(title: string): Scenario {
  return chaos.scenarios.find((scenario) => scenario.title === title)!;
}

describe('a process killed at each point where something commits is no loss', () => {
  it.each(titles)('%s', async (title) => {
    const scenario = scenarioOf(title);
    const points = await countPointsOf(chaos, scenario, isCommit);
    expect(points).toBeGreaterThan(5);
    const ends = new Set<string>();
    for (const number of Array.from({ length: points }, (_, index) => index + 1)) {
      for (const moment of moments) {
        const end =
          (number + moments.indexOf(moment)) % 2 === 0
            ? await killAndSweep(scenario, number, moment)
            : await killAndRepeat(scenario, number, moment);
        ends.add(end);
      }
    }
    expect(ends).toEqual(new Set(['before', 'after']));
  });

  async function kill(scenario: Scenario, point: number, moment: CommitMoment) {
    const { world, proxies, order } = chaos.worldOf(scenario);
    const key = chaos.nextNumber();
    const call = await scenario.prepare(world, key);
    const { version } = await readState(world);
    const runner = await chaos.runners.take();
    const killed = atPoint(proxies, { number: point, moment, is: isCommit }, async (connection) => {
      await runner.kill();
      connection.cut();
    });
    await expect(runner.run(order(call))).rejects.toThrow('The process ended without a result.');
    await killed;
    return { world, key, call, version };
  }

  async function killAndSweep(scenario: Scenario, point: number, moment: CommitMoment): Promise<'before' | 'after'> {
    const { world, key, version } = await kill(scenario, point, moment);
    return expectSettledBySweep(scenario, world, key, version);
  }

  /** The same change once more, by somebody who knows nothing of the first one: he finds it made, or makes it. */
  async function killAndRepeat(scenario: Scenario, point: number, moment: CommitMoment): Promise<'before' | 'after'> {
    const { world, key, call, version } = await kill(scenario, point, moment);
    await endLeases(world);
    const again = await callManager(world.createManager(), call).then(
      () => 'before' as const,
      (error: unknown) => {
        expect(error).toBeInstanceOf(TenantryError);
        return 'after' as const;
      },
    );
    const state = await readState(world);
    expectSettled(state);
    expect(await scenario.look(world, key)).toBe(scenario.after);
    expect(state.version).toBe(version + scenario.versions);
    return again;
  }
});
