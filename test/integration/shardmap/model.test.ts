import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { seed } from '../../support/random.ts';
import { expectSettled, readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';

describeOnEachGround(
  'the model of a range map',
  (grounds) => {
    let world: ShardMapWorld;
    beforeAll(async () => {
      world = await startShardMapWorld(grounds, 'range');
    });
    afterAll(async () => {
      await world?.close();
    });

    /** A range of the model; keys are 1 to 9. */
    interface Range {
      readonly low: number;
      readonly high: number;
      readonly shard: string;
      readonly online: boolean;
    }

    type Change =
      | { readonly change: 'add' | 'offline' | 'online' | 'remove'; readonly low: number; readonly high: number; readonly shard: string }
      | { readonly change: 'split' | 'merge'; readonly at: number };

    const key = fc.integer({ min: 1, max: 9 });
    const bounds = fc.tuple(key, key).filter(([low, high]) => low < high);
    const change: fc.Arbitrary<Change> = fc.oneof(
      { weight: 3, arbitrary: fc.record({ change: fc.constant('add' as const), bounds, shard: fc.constantFrom('a', 'b') }).map(flatten) },
      {
        weight: 4,
        arbitrary: fc
          .record({ change: fc.constantFrom('offline' as const, 'online' as const, 'remove' as const), bounds, shard: fc.constant('') })
          .map(flatten),
      },
      { weight: 5, arbitrary: fc.record({ change: fc.constantFrom('split' as const, 'merge' as const), at: key }) },
    );

    function flatten<C>({ change: kind, bounds: [low, high], shard }: { change: C; bounds: [number, number]; shard: string }): {
      change: C;
      low: number;
      high: number;
      shard: string;
    } {
      return { change: kind, low, high, shard };
    }

    /** The ranges after a change, or undefined where the map has to refuse it. */
    function expected(ranges: readonly Range[], asked: Change): readonly Range[] | undefined {
      if ('at' in asked && asked.change === 'split') {
        const old = ranges.find(({ low, high }) => low < asked.at && asked.at < high);
        return old && [...ranges.filter((range) => range !== old), { ...old, high: asked.at }, { ...old, low: asked.at }];
      }
      if ('at' in asked) {
        const left = ranges.find(({ high }) => high === asked.at);
        const right = ranges.find(({ low }) => low === asked.at);
        if (left === undefined || right === undefined || left.shard !== right.shard || left.online !== right.online) return undefined;
        return [...ranges.filter((range) => range !== left && range !== right), { ...left, high: right.high }];
      }
      const { change: kind, low, high, shard } = asked;
      if (kind === 'add')
        return ranges.some((range) => range.low < high && low < range.high) ? undefined : [...ranges, { low, high, shard, online: true }];
      const old = ranges.find((range) => range.low === low && range.high === high);
      if (old === undefined || old.online !== (kind === 'offline')) return undefined;
      const others = ranges.filter((range) => range !== old);
      return kind === 'remove' ? others : [...others, { ...old, online: kind === 'online' }];
    }

    async function make(asked: Change): Promise<void> {
      const { ranges } = world.manager;
      if ('at' in asked) await ranges[asked.change](asked.at);
      else if (asked.change === 'add') await ranges.add(asked, { shard: asked.shard });
      else await ranges[asked.change]({ low: asked.low, high: asked.high });
    }

    async function present(): Promise<Range[]> {
      const listed = await Array.fromAsync(world.manager.ranges.list());
      return listed.map(({ low, high, shard, state }) => ({ low: Number(low), high: Number(high), shard, online: state === 'ONLINE' }));
    }

    async function clear(): Promise<void> {
      for (const { low, high, online } of await present()) {
        if (online) await world.manager.ranges.offline({ low, high });
        await world.manager.ranges.remove({ low, high });
      }
    }

    describe('a range map', () => {
      it(`is after any changes what a simple model says, on catalog and shards alike (seed ${seed})`, { timeout: 300_000 }, async () => {
        const property = fc.asyncProperty(fc.array(change, { minLength: 5, maxLength: 20 }), async (changes) => {
          await clear();
          let model: readonly Range[] = [];
          let { version } = await readState(world);
          for (const asked of changes) {
            const next = expected(model, asked);
            const made = await make(asked).then(
              () => true,
              (error: unknown) => {
                if (error instanceof TenantryError && ['CONFLICT', 'NOT_FOUND'].includes(error.code)) return false;
                throw error;
              },
            );
            expect({ asked, made }).toEqual({ asked, made: next !== undefined });
            model = next ?? model;
            if (made) version++;
          }
          const state = await readState(world);
          expectSettled(state);
          expect(state.version).toBe(version);
          expect(await present()).toEqual(model.toSorted((one, other) => one.low - other.low));
        });
        await fc.assert(property, { seed, numRuns: 12 });
      });
    });
  },
  'also mixed',
);
