import { expect } from 'vitest';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import type { ShardMapKind } from '../../shardmap/shard-map.ts';
import { countPoints } from './commit-points.ts';
import { catalogByHand } from './shard-map-by-hand.ts';
import { callManager, managerOf, type ChildOrder, type ManagerCall } from './shard-map-child.ts';
import { Runners } from './shard-map-processes.ts';
import { scenarios, type Scenario } from './shard-map-scenarios.ts';
import { expectSettled, readState } from './shard-map-state.ts';
import { startPostgresWorld, type PostgresWorld, type ShardMapWorld } from './shard-map-world.ts';
import type { WireMessage } from './wire-message.ts';
import { startWireProxy, type WireProxy } from './wire-proxy.ts';

/** A world with proxies before its servers, through which a program is watched and troubled. */
export interface TroubledWorld {
  readonly world: PostgresWorld;
  readonly proxies: readonly [catalog: WireProxy, shards: WireProxy];
  readonly order: (call: ManagerCall) => ChildOrder;
}

/** Both worlds, processes to run changes in, and every kind of change. */
export class ShardMapChaos {
  readonly scenarios: readonly Scenario[] = scenarios(() => this.#spare);
  readonly runners: Runners;
  readonly #worlds: Readonly<Record<ShardMapKind, TroubledWorld>>;
  readonly #spare: ShardAddress;
  #number = 0;

  private constructor(worlds: Readonly<Record<ShardMapKind, TroubledWorld>>, spare: ShardAddress, runners: Runners) {
    this.runners = runners;
    this.#worlds = worlds;
    this.#spare = spare;
  }

  static async start(): Promise<ShardMapChaos> {
    const [list, range] = await Promise.all([troubledWorld('list'), troubledWorld('range')]);
    const spare = await list.world.prepareDatabase('spare');
    // Whoever adds it first commits more than those after him: its schema and its policies.
    await list.world.manager.shards.add('x', spare);
    await list.world.manager.shards.remove('x');
    return new ShardMapChaos({ list, range }, spare, await Runners.start(2));
  }

  worldOf({ kind }: Scenario): TroubledWorld {
    return this.#worlds[kind];
  }

  /** A number that no scenario has had yet. */
  nextNumber(): number {
    return ++this.#number;
  }

  async close(): Promise<void> {
    this.runners.close();
    for (const { world, proxies } of Object.values(this.#worlds)) {
      for (const proxy of proxies) await proxy.close();
      await world.close();
    }
  }
}

/** Runs a scenario unharmed and counts its points. */
export async function countPointsOf(chaos: ShardMapChaos, scenario: Scenario, isPoint: (message: WireMessage) => boolean): Promise<number> {
  const { world, proxies, order } = chaos.worldOf(scenario);
  const number = chaos.nextNumber();
  const call = await scenario.prepare(world, number);
  const ways = managerOf(order(call));
  const counter = countPoints(proxies, isPoint);
  await callManager(ways.manager, call);
  await ways.close();
  expect(await scenario.look(world, number)).toBe(scenario.after);
  return counter.points;
}

/** As if the leases of all runners had run out: what a test would else wait for. */
export async function endLeases({ catalog }: ShardMapWorld): Promise<void> {
  await catalog.query(catalogByHand.endLeases());
}

/** Another process' sweep, after which everything must have settled and be as before the change or as after it. */
export async function expectSettledBySweep(
  scenario: Scenario,
  world: ShardMapWorld,
  number: number,
  versionBefore: number,
): Promise<'before' | 'after'> {
  await endLeases(world);
  const { failed } = await world.createManager().sweep();
  expect(failed).toEqual([]);
  const state = await readState(world);
  expectSettled(state);
  const seen = await scenario.look(world, number);
  const end = seen === scenario.after ? 'after' : 'before';
  expect(seen).toBe(scenario[end]);
  expect(state.version).toBe(versionBefore + (end === 'after' ? scenario.versions : 0));
  return end;
}

async function troubledWorld(kind: ShardMapKind): Promise<TroubledWorld> {
  const world = await startPostgresWorld(kind, ['a']);
  const proxies = [await startWireProxy(world.catalogServer), await startWireProxy(world.shardServer)] as const;
  const [catalog, shards] = proxies;
  const order = (call: ManagerCall): ChildOrder => ({
    catalog: { ...world.catalogAddress, host: catalog.host, port: catalog.port },
    catalogLogin: { user: world.catalogServer.user, password: world.catalogServer.password },
    shards: { host: shards.host, port: shards.port },
    call,
  });
  return { world, proxies, order };
}
