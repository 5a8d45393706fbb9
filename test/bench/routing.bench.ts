import type { Bench, Figure } from './harness/bench.ts';
import { interleave } from './harness/interleave.ts';
import { awaited, leanBare, leanContext, MeasuredSide, pgPrepared, randomRead, routed, type Contender } from './routing/sides.ts';
import { createRoutingWorld, rowsPerTenant, tenants, type RoutingWorld } from './routing/world.ts';

const seed = 20_260_101;

/** What security and the fence cost a routed statement, against what people write by hand, over TCP. */
export const bench: Bench = {
  title: `Routed statements of ${tenants} tenants over two shards of ${(tenants / 2) * rowsPerTenant} rows each`,
  async run(report) {
    const world = await createRoutingWorld();
    try {
      for (const count of [1, 8]) await reads(world, count, report);
      for (const count of [1, 8]) await inserts(world, count, report);
    } finally {
      await world.close();
    }
  },
};

async function reads(world: RoutingWorld, count: number, report: (figure: Figure) => void): Promise<void> {
  const contenders = [
    await routed(world, count),
    await pgPrepared(world, count),
    await leanBare(world, count),
    await leanContext(world, count),
    await awaited(world, count),
  ];
  try {
    const checksum = await sameChecksums(contenders);
    const random = randomFrom(seed);
    const sides = contenders.map((contender) => new MeasuredSide(contender, count, (caller) => randomRead(contender, caller, random)));
    const measured = await interleave(sides);
    const names = contenders.map(({ name }) => name);
    const [self = '', prepared = '', bare = '', context = '', oneByOne = ''] = names;
    const suffix = count === 1 ? '1 caller' : `${count} callers`;
    const figure = (base: string, goal: number | undefined): void => {
      const one = measured.figure(`routed read / ${base}, ${suffix}`, self, base, goal === undefined ? undefined : { atLeast: goal });
      report({ ...one, detail: { ...one.detail, checksum } });
    };
    figure(prepared, 0.8);
    figure(context, 0.9);
    figure(oneByOne, 2.4);
    figure(bare, undefined);
    report({ metric: `CPU µs per read, ${suffix}`, detail: cpu(sides) });
  } finally {
    for (const contender of contenders) await contender.close();
  }
}

async function inserts(world: RoutingWorld, count: number, report: (figure: Figure) => void): Promise<void> {
  const contenders = [await routed(world, count), await pgPrepared(world, count)];
  try {
    const random = randomFrom(seed);
    let blogId = 1_000_000 * count;
    const sides = contenders.map(
      (contender) =>
        new MeasuredSide(
          contender,
          count,
          async (caller) => await contender.insert?.(caller, 1 + Math.floor(random() * tenants), (blogId += 1)),
        ),
    );
    const measured = await interleave(sides);
    const [self = '', base = ''] = contenders.map(({ name }) => name);
    const suffix = count === 1 ? '1 caller' : `${count} callers`;
    report(measured.figure(`routed insert / ${base}, ${suffix}`, self, base, { atLeast: 0.8 }));
    report({ metric: `CPU µs per insert, ${suffix}`, detail: cpu(sides) });
  } finally {
    for (const contender of contenders) await contender.close();
  }
}

/** The same thousand reads through every contender must give the same answers, tenant by tenant on both shards. */
async function sameChecksums(contenders: readonly Contender[]): Promise<string> {
  const checksums: string[] = [];
  for (const contender of contenders) {
    const random = randomFrom(seed);
    let checksum = 0;
    for (let left = 1_000; left > 0; left -= 1) {
      for (const character of await randomRead(contender, 0, random))
        checksum = (Math.imul(checksum, 31) + (character.codePointAt(0) ?? 0)) | 0;
    }
    checksums.push((checksum >>> 0).toString(16));
  }
  const [first = ''] = checksums;
  if (checksums.some((checksum) => checksum !== first)) throw new Error(`The answers differ: ${checksums.join(', ')}.`);
  return first;
}

function cpu(sides: readonly MeasuredSide[]): Record<string, number> {
  return Object.fromEntries(
    sides.flatMap(({ name, micros }) => [
      [`${name}: server`, Number(micros.server.toFixed(1))],
      [`${name}: client`, Number(micros.client.toFixed(1))],
    ]),
  );
}

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
