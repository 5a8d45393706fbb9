import type { Bench, Figure } from './harness/bench.ts';
import { interleave } from './harness/interleave.ts';
import {
  awaited,
  engineAlone,
  leanBare,
  leanContext,
  MeasuredSide,
  pgPrepared,
  randomRead,
  routed,
  type Contender,
} from './routing/sides.ts';
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
  const contenders = {
    routed: await routed(world, count),
    engine: await engineAlone(world, count),
    prepared: await pgPrepared(world, count),
    bare: await leanBare(world, count),
    context: await leanContext(world, count),
    oneByOne: await awaited(world, count),
  };
  const { routed: whole, engine, prepared, bare, context, oneByOne } = contenders;
  const all = Object.values(contenders);
  try {
    const checksum = await sameChecksums(all);
    const random = randomFrom(seed);
    const sides = all.map((contender) => new MeasuredSide(contender, count, () => randomRead(contender, random)));
    const measured = await interleave(sides);
    const suffix = callersText(count);
    const figure = (side: Contender, base: Contender, goal?: number): void => {
      const what = side === whole ? 'routed read' : `read by ${side.name}`;
      const one = measured.figure(
        `${what} / ${base.name}, ${suffix}`,
        side.name,
        base.name,
        goal === undefined ? undefined : { atLeast: goal },
      );
      report({ ...one, detail: { ...one.detail, checksum } });
    };
    figure(whole, prepared, 0.8);
    figure(whole, context);
    figure(whole, oneByOne, 2.4);
    figure(whole, bare);
    // Both are the wire code without the router: what stands between them is the fence.
    figure(engine, context, 0.9);
    report({ metric: `CPU µs per read, ${suffix}`, detail: cpu(sides) });
    const parts: Part[] = [
      ['row-level security and the context', context, bare],
      ['the fence', engine, context],
      ['the router', whole, engine],
    ];
    report({ metric: `CPU µs that each part adds to a read, ${suffix}`, detail: addedCpu(sides, parts) });
  } finally {
    for (const contender of all) await contender.close();
  }
}

async function inserts(world: RoutingWorld, count: number, report: (figure: Figure) => void): Promise<void> {
  const [whole, engine, prepared] = [await routed(world, count), await engineAlone(world, count), await pgPrepared(world, count)];
  const contenders = [whole, engine, prepared];
  try {
    const random = randomFrom(seed);
    let blogId = 1_000_000 * count;
    const sides = contenders.map(
      (contender) =>
        new MeasuredSide(contender, count, async () => await contender.insert?.(1 + Math.floor(random() * tenants), (blogId += 1))),
    );
    const measured = await interleave(sides);
    const suffix = callersText(count);
    report(measured.figure(`routed insert / ${prepared.name}, ${suffix}`, whole.name, prepared.name, { atLeast: 0.8 }));
    report({ metric: `CPU µs per insert, ${suffix}`, detail: cpu(sides) });
    const parts: Part[] = [
      ['security, fence and wire code', engine, prepared],
      ['the router', whole, engine],
    ];
    report({ metric: `CPU µs that each part adds to an insert, ${suffix}`, detail: addedCpu(sides, parts) });
  } finally {
    for (const contender of contenders) await contender.close();
  }
}

const callersText = (count: number): string => (count === 1 ? '1 caller' : `${count} callers`);

/** The same thousand reads through every contender must give the same answers, tenant by tenant on both shards. */
async function sameChecksums(contenders: readonly Contender[]): Promise<string> {
  const checksums: string[] = [];
  for (const contender of contenders) {
    const random = randomFrom(seed);
    let checksum = 0;
    for (let left = 1_000; left > 0; left -= 1) {
      for (const character of await randomRead(contender, random))
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
      [`${name}: server`, rounded(micros.server)],
      [`${name}: client`, rounded(micros.client)],
    ]),
  );
}

/** What a part is called, a contender that has it, and one that differs by it alone. */
type Part = readonly [name: string, having: Contender, lacking: Contender];

function addedCpu(sides: readonly MeasuredSide[], parts: readonly Part[]): Record<string, number> {
  const microsOf = ({ name }: Contender): MeasuredSide['micros'] => {
    const side = sides.find((one) => one.name === name);
    if (side === undefined) throw new Error(`No side is called ${name}.`);
    return side.micros;
  };
  return Object.fromEntries(
    parts.flatMap(([name, having, lacking]) => {
      const [more, less] = [microsOf(having), microsOf(lacking)];
      return [
        [`${name}: server`, rounded(more.server - less.server)],
        [`${name}: client`, rounded(more.client - less.client)],
      ];
    }),
  );
}

const rounded = (micros: number): number => Number(micros.toFixed(1));

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
