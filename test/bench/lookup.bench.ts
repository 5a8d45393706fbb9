import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../src/core/clock.ts';
import { Deadline } from '../../src/core/deadline.ts';
import { tenantKey, type KeyType, type TenantId } from '../../shardmap/key.ts';
import { createLookup, type Lookup } from '../../shardmap/lookup.ts';
import type { Mapping } from '../../shardmap/mapping.ts';
import type { Route } from '../../shardmap/route.ts';
import type { Bench, Figure } from './harness/bench.ts';
import { batches, interleave } from './harness/interleave.ts';

const million = 1_000_000;
const batchSize = 1_000;
const mostTimesMapGet = 3;
const flatWithin = 1.2;
const mostBytes = 150;

type BenchKeyType = Exclude<KeyType, 'bytes'>;

/** The id of the n-th tenant, n from 1, as a caller would hold it. Ascending. */
const idOf: Readonly<Record<BenchKeyType, (n: number) => TenantId>> = {
  int: (n) => n,
  bigint: (n) => 2n ** 40n + BigInt(n),
  uuid: (n) => `0b4f7d10-8b86-4011-842d-${n.toString(16).padStart(12, '0')}`,
  string: (n) => `tenant-${n.toString(36).padStart(5, '0')}`,
};

interface Fleet {
  readonly kind: 'list' | 'range';
  readonly keyType: BenchKeyType;
  readonly shards: number;
  readonly mappings: number;
}

/** A lookup that has all of the fleet's mappings, one for each tenant. */
async function fill({ kind, keyType, shards, mappings }: Fleet): Promise<Lookup> {
  const id = idOf[keyType];
  const routeOf = (n: number): Route => ({
    mappingId: n,
    shardId: `00000000-0000-4000-8000-${(n % shards).toString(16).padStart(12, '0')}`,
    epoch: 1,
  });
  let asked = 0;
  const findMapping = (low: Uint8Array): Promise<Mapping> => {
    asked += 1;
    return Promise.resolve({
      ...routeOf(asked),
      mapId: 1,
      kind: 'range',
      low,
      high: tenantKey(keyType, id(asked + 1)).bytes,
      state: 'ONLINE',
    });
  };
  const lookup = createLookup({ map: { kind, keyType }, findMapping, clock: systemClock, limits: { capacity: million } });
  const deadline = new Deadline(systemClock, Infinity);
  for (let n = 1; n <= mappings; n += 1) {
    if (kind === 'list') lookup.learn(id(n), routeOf(n));
    else await lookup.find(id(n), deadline);
  }
  if (lookup.size !== mappings) throw new Error(`The lookup holds ${lookup.size} of ${mappings} mappings.`);
  return lookup;
}

/** Ids of some tenants in an order that no cache foresees, the same in every run. */
function shuffledIds({ keyType }: Fleet, count: number): TenantId[] {
  const ids = Array.from({ length: count }, (_, index) => idOf[keyType](index + 1));
  let state = 1;
  for (let index = count - 1; index > 0; index -= 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    const other = state % (index + 1);
    [ids[index], ids[other]] = [ids[other]!, ids[index]!];
  }
  return ids;
}

/** Looks a batch of ids up, going on where the last batch ended; fails where a route is missing. */
function lookingUp(ids: readonly TenantId[], get: (id: TenantId) => Route | undefined): () => number {
  let position = 0;
  return () => {
    for (let count = 0; count < batchSize; count += 1) {
      const route = get(ids[position]!);
      if (route === undefined || route.epoch !== 1) throw new Error('A hot lookup missed.');
      position = position + 1 === ids.length ? 0 : position + 1;
    }
    return batchSize;
  };
}

/** How many times longer a hot lookup takes than `Map.get` over the same keys. */
async function timesMapGet(fleet: Fleet, keys: number, report: (figure: Figure) => void): Promise<number> {
  const lookup = await fill(fleet);
  // Both are filled in ascending order: looked up in the order in which they came, entries would lie side by side.
  const ascending = Array.from({ length: keys }, (_, index) => idOf[fleet.keyType](index + 1));
  const bare = new Map<TenantId, Route>();
  for (const id of ascending) bare.set(id, { ...(await lookup.find(id, new Deadline(systemClock, Infinity))) });
  const ids = shuffledIds(fleet, keys);
  const sides = await interleave(
    [
      batches(
        'Map.get',
        lookingUp(ids, (id) => bare.get(id)),
      ),
      batches(
        'lookup',
        lookingUp(ids, (id) => lookup.peek(id)),
      ),
    ],
    { slices: 40, sliceMs: 25 },
  );
  const { kind, keyType, shards, mappings } = fleet;
  const metric = `time of a hot lookup / Map.get over the same keys: ${kind} map, ${keyType}, ${shards} shards, ${mappings} mappings, ${keys} keys in use`;
  const figure = sides.figure(metric, 'Map.get', 'lookup', { atMost: mostTimesMapGet });
  report(figure);
  return figure.ratio ?? Number.NaN;
}

function reportFlatness(metric: string, from: number, to: number, report: (figure: Figure) => void): void {
  report({ metric, ratio: to / from, goal: { atMost: flatWithin }, detail: { from: Number(from.toFixed(3)), to: Number(to.toFixed(3)) } });
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Heap and buffers in use. Buffers are released some time after the collection that found them unused. */
async function usedBytes(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    collectGarbage();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Memory of a million mappings, each looked up once. */
async function measureMemory(fleet: Fleet, report: (figure: Figure) => void): Promise<void> {
  const before = await usedBytes();
  const lookup = await fill(fleet);
  const bytes = ((await usedBytes()) - before) / lookup.size;
  report({
    metric: `bytes for each of a million mappings / ${mostBytes}: ${fleet.kind} map, ${fleet.keyType}`,
    ratio: bytes / mostBytes,
    goal: { atMost: 1 },
    detail: { bytesPerMapping: Number(bytes.toFixed(1)), mappings: lookup.size },
  });
}

/** Hot lookups against `Map.get`, their flatness, and memory. */
export const bench: Bench = {
  title: 'Hot lookups in the process against a bare Map.get over the same keys, and what a mapping costs in memory.',
  async run(report) {
    for (const keyType of ['int', 'bigint', 'uuid', 'string'] as const)
      await measureMemory({ kind: 'list', keyType, shards: 64, mappings: million }, report);
    for (const keyType of ['int', 'uuid'] as const) await measureMemory({ kind: 'range', keyType, shards: 64, mappings: million }, report);
    const list = { kind: 'list', keyType: 'int' } as const;
    const few = await timesMapGet({ ...list, shards: 2, mappings: 1_000 }, 1_000, report);
    const many = await timesMapGet({ ...list, shards: 64, mappings: 1_000 }, 1_000, report);
    const large = await timesMapGet({ ...list, shards: 64, mappings: million }, million, report);
    reportFlatness('flat from 2 to 64 shards', few, many, report);
    reportFlatness('flat from 1,000 to 1,000,000 mappings', many, large, report);
    await timesMapGet({ kind: 'list', keyType: 'uuid', shards: 64, mappings: million }, million, report);
    await timesMapGet({ kind: 'range', keyType: 'int', shards: 64, mappings: million }, million / 8, report);
  },
};
