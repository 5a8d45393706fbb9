import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantryError } from '../../src/core/errors.ts';
import { atPoint, isBeginning, isCommit, type CommitMoment } from '../support/commit-points.ts';
import { mayStand } from '../support/grounds/words.ts';
import { callManager, managerOf } from '../support/shard-map-child.ts';
import { countPointsOf, endLeases, expectSettledBySweep, ShardMapChaos } from '../support/shard-map-chaos.ts';
import { scenarios, type Scenario } from '../support/shard-map-scenarios.ts';
import { enterAs, enterStatement, expectSettled, readState } from '../support/shard-map-state.ts';

let chaos: ShardMapChaos;
beforeAll(async () => {
  chaos = await ShardMapChaos.start();
});
afterAll(async () => {
  await chaos?.close();
});

const titles = ['taking a tenant offline', 'splitting a range'];
const allTitles = scenarios(() => {
  throw new Error('Only their titles are asked for.');
}).map(({ title }) => title);

function scenarioOf(title: string): Scenario {
  return chaos.scenarios.find((scenario) => scenario.title === title)!;
}

function numbersTo(end: number): number[] {
  return Array.from({ length: end }, (_, index) => index + 1);
}

describe('a connection lost at each point where something commits is seen to by the process itself', () => {
  it.each(titles)('%s', async (title) => {
    const scenario = scenarioOf(title);
    for (const point of numbersTo(await countPointsOf(chaos, scenario, isCommit))) {
      for (const moment of ['request', 'answer'] as const) await cutAndLook(scenario, point, moment);
    }
  });

  async function cutAndLook(scenario: Scenario, point: number, moment: CommitMoment): Promise<void> {
    const { world, proxies, order } = chaos.worldOf(scenario);
    const number = chaos.nextNumber();
    const call = await scenario.prepare(world, number);
    const { version } = await readState(world);
    const ways = managerOf(order(call));
    const cut = atPoint(proxies, { number: point, moment, is: isCommit }, (connection) => connection.cut());
    const outcome = await callManager(ways.manager, call).then(
      () => 'done' as const,
      (error: unknown) => {
        if (error instanceof TenantryError) return error.outcome;
        throw error;
      },
    );
    await cut;
    await ways.close();
    const end = await expectSettledBySweep(scenario, world, number, version);
    if (outcome !== 'unknown') expect(end).toBe(outcome === 'done' ? 'after' : 'before');
  }
});

describe('a process that was stopped and wakes up does no harm', () => {
  it.each(titles)('%s, between any two of its transactions', async (title) => {
    const scenario = scenarioOf(title);
    const { world, proxies, order } = chaos.worldOf(scenario);
    for (const point of numbersTo(await countPointsOf(chaos, scenario, isBeginning))) {
      const number = chaos.nextNumber();
      const call = await scenario.prepare(world, number);
      const { version } = await readState(world);
      const runner = await chaos.runners.take();
      let seen = '';
      const woken = atPoint(proxies, { number: point, moment: 'request', is: isBeginning }, async () => {
        runner.stop();
        await expectSettledBySweep(scenario, world, number, version);
        seen = await scenario.look(world, number);
        runner.resume();
      });
      const result = await runner.run(order(call));
      await woken;
      const state = await readState(world);
      expectSettled(state);
      // Stopped before its operation was logged, it has nothing to be superseded in: then it makes the change.
      if (point > 1) expect(await scenario.look(world, number)).toBe(seen);
      if ((await scenario.look(world, number)) === scenario.before) expect(result).toMatchObject({ code: 'OPERATION_IN_PROGRESS' });
      else expect(result).toBe('done');
    }
  });

  it('even inside a transaction that holds the fence of its operation', async () => {
    const scenario = scenarioOf('taking a tenant offline');
    const { world, proxies, order } = chaos.worldOf(scenario);
    const number = chaos.nextNumber();
    const call = await scenario.prepare(world, number);
    const { version } = await readState(world);
    const runner = await chaos.runners.take();
    // The fourth: that the mapping is DRAINING. Logged, stamped and renewed came before it.
    const woken = atPoint(proxies, { number: 4, moment: 'request', is: isCommit }, async () => {
      runner.stop();
      expect(await expectSettledBySweep(scenario, world, number, version)).toBe('before');
      runner.resume();
    });
    expect(await runner.run(order(call))).toMatchObject({ code: 'OPERATION_IN_PROGRESS' });
    await woken;
    expectSettled(await readState(world));
    expect(await enterAs(world, number)).toBe('admitted');
  });
});

describe('of two clients who ask for the same change at once', () => {
  /** What the second one may hear: that the first one is at it, or what the first one has made of it. */
  const refusals = ['CONFLICT', 'OPERATION_IN_PROGRESS', 'NOT_FOUND', 'UNKNOWN_TENANT'];

  it.each(allTitles)('one makes it and one is told so: %s', async (title) => {
    const scenario = scenarioOf(title);
    const { world } = chaos.worldOf(scenario);
    for (const _ of numbersTo(6)) {
      const number = chaos.nextNumber();
      const call = await scenario.prepare(world, number);
      const { version } = await readState(world);
      const racers = [world.createManager(), world.createManager()].map((manager) => callManager(manager, call));
      const results = await Promise.allSettled(racers);
      const refused = results.filter((result) => result.status === 'rejected').map(({ reason }) => (reason as TenantryError).code);
      expect(refused).toHaveLength(1);
      expect(refusals).toContain(refused[0]);
      const state = await readState(world);
      expectSettled(state);
      expect(state.version).toBe(version + scenario.versions);
      expect(await scenario.look(world, number)).toBe(scenario.after);
    }
  });
});

describe('an operation of a runner that may be alive', () => {
  it('is left to it until its lease is out, then brought to its end by who waited', async () => {
    const scenario = scenarioOf('taking a tenant offline');
    const { world, proxies, order } = chaos.worldOf(scenario);
    const number = chaos.nextNumber();
    const call = await scenario.prepare(world, number);
    const runner = await chaos.runners.take();
    const killed = atPoint(proxies, { number: 5, moment: 'request', is: isCommit }, async (connection) => {
      await runner.kill();
      connection.cut();
    });
    await expect(runner.run(order(call))).rejects.toThrow('without a result');
    await killed;
    const refusal: unknown = await world
      .createManager()
      .tenants.online(number)
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'OPERATION_IN_PROGRESS', retryable: true });
    expect((refusal as TenantryError).retryAfterMs).toBeGreaterThan(5_000);
    expect((await world.createManager().sweep()).running).toMatchObject([{ kind: 'take-offline' }]);
    const waiting = world.createManager({ waitMs: 30_000 }).tenants.offline(number);
    await endLeases(world);
    await waiting;
    expect(await scenario.look(world, number)).toBe(scenario.after);
    expectSettled(await readState(world));
  });
});

describe('an undo that fails itself', () => {
  it('is done later, and until then nobody is let in', async () => {
    const scenario = scenarioOf('taking a tenant offline');
    const { world } = chaos.worldOf(scenario);
    const number = chaos.nextNumber();
    await scenario.prepare(world, number);
    const shard = (await world.store.findShard('a'))!;
    const inside = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const { statement } = (await enterStatement(world, number))!;
    const holder = world.app(shard.address).transaction(async (session) => {
      await session.query(mayStand);
      await session.query(statement);
      entered.resolve();
      await inside.promise;
    });
    await entered.promise;
    const offline = world
      .createManager({ drainMs: 60_000 })
      .tenants.offline(number)
      .catch((error: unknown) => error);
    await expect.poll(() => enterAs(world, number)).toBe('DRAINING');
    await world.shardServer.kill();
    expect(await offline).toMatchObject({ code: 'SHARD_UNAVAILABLE', message: expect.stringContaining('is left ABORTED') as unknown });
    inside.resolve();
    // Whether its COMMIT still went out is a matter of which end of the socket closed first.
    await expect(holder).rejects.toMatchObject({ code: expect.stringMatching(/^(SHARD_UNAVAILABLE|COMMIT_UNKNOWN)$/) as unknown });
    expect((await world.createManager().sweep()).failed).toMatchObject([
      { operation: { kind: 'take-offline', state: 'ABORTED' }, error: { code: 'SHARD_UNAVAILABLE' } },
    ]);
    await world.shardServer.restart();
    expect(await enterAs(world, number)).toBe('DRAINING');
    // The next operation on the mapping does it: no sweep is needed.
    await world.createManager().tenants.offline(number);
    expect(await enterAs(world, number)).toBe('OFFLINE');
    expectSettled(await readState(world));
  });
});
