import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPolicies } from '../../../src/config/policy-checks.ts';
import { rawMeanings } from '../../support/policies/arbitrary-model.ts';
import { arbitraryCase, type Case } from '../../support/policies/arbitrary-world.ts';
import { expectedOutcome } from '../../support/policies/expected-write.ts';
import { context, type Outcome, type Row } from '../../support/policies/model.ts';
import type { ModelShard } from '../../support/policies/model-shard.ts';
import { openPostgresModelShard } from '../../support/policies/postgres-model-shard.ts';
import { Reference } from '../../support/policies/reference.ts';
import { shapes } from '../../support/policies/shapes.ts';
import { seed } from '../../support/random.ts';

const numRuns = Number(process.env['TENANTRY_RUNS'] ?? 100);
/** So often as many again where something never came up: an upsert that changes nothing does not in one of a hundred runs. */
const mostRuns = 6;

describe.each(shapes)('random models over the tables of the $name, as PostgreSQL keeps them and as they are written', (shape) => {
  let shard: ModelShard;
  beforeAll(async () => {
    shard = await openPostgresModelShard(shape);
  });
  afterAll(() => shard?.close());

  it('show the same rows and admit the same writes', async () => {
    const tally = new Tally();
    const property = fc.asyncProperty(arbitraryCase(shape), (one) => agrees(shard, one, tally));
    for (let run = 0; run === 0 || (run < mostRuns && tally.missing().length > 0); run += 1)
      await fc.assert(property, { seed: seed + run, numRuns });
    expect(tally.missing()).toEqual([]);
  }, 300_000);
});

/** What came up in a run: agreeing on nothing proves nothing. */
class Tally {
  readonly #counts = new Map<string, number>();

  add(...what: readonly string[]): void {
    for (const one of what) this.#counts.set(one, (this.#counts.get(one) ?? 0) + 1);
  }

  /** What a run of this length should have met at all. */
  missing(): string[] {
    const kinds = ['insert', 'update', 'delete', 'upsert', 'merge'];
    const wanted = kinds.flatMap((kind) => [`${kind} refused`, `${kind} changed rows`, `${kind} changed nothing`]);
    const never = new Set(['insert changed nothing', 'delete refused']);
    const shown = ['rows shown', 'rows of the tenant hidden'];
    return [...wanted, ...shown].filter((what) => !never.has(what) && (this.#counts.get(what) ?? 0) === 0);
  }
}

async function agrees(shard: ModelShard, { world, callers, writes }: Case, tally: Tally): Promise<void> {
  const { tables } = world.shape;
  const problems: string[] = [];
  checkPolicies({ tables: tables.map(({ settings }) => settings), context, policies: world.policies }, (path, message) =>
    problems.push(`${path.join('.')} ${message}`),
  );
  expect(problems).toEqual([]);
  await shard.within(world, async (asked) => {
    const expected = callers.map((caller) => {
      const reference = new Reference(world, caller, rawMeanings);
      return tables.map(({ settings }) => sorted(reference.visible(settings.name)));
    });
    const seen = await asked.seen(callers);
    for (const [index, { tenant }] of callers.entries()) {
      for (const [at, { settings }] of tables.entries()) {
        const own = (world.rows[settings.name] ?? []).filter((row) => row[settings.tenantColumn ?? ''] === String(tenant));
        const shown = seen[index]?.[at]?.length ?? 0;
        if (settings.tenantColumn !== undefined)
          tally.add(...(shown > 0 ? ['rows shown'] : []), ...(shown < own.length ? ['rows of the tenant hidden'] : []));
      }
    }
    expect(seen.map((ofCaller) => ofCaller.map(sorted))).toEqual(expected);
    for (const { caller: index, write } of writes) {
      const caller = callers[index];
      if (caller === undefined) continue;
      const outcome = await asked.attempt(caller, write);
      tally.add(`${write.kind} ${resultOf(outcome, world.rows[write.table] ?? [])}`);
      expect({ caller, write, outcome: inOrder(outcome) }).toEqual({
        caller,
        write,
        outcome: inOrder(expectedOutcome(world, caller, write, shard.manners, rawMeanings)),
      });
    }
  });
}

function resultOf(outcome: Outcome, before: readonly Row[]): string {
  if (outcome === 'refused') return 'refused';
  const [old, now] = [before, outcome.rows].map((rows) => JSON.stringify(sorted(rows).map(textOf)));
  return old === now ? 'changed nothing' : 'changed rows';
}

function inOrder(outcome: Outcome): Outcome {
  return outcome === 'refused' ? outcome : { rows: sorted(outcome.rows), answered: sorted(outcome.answered) };
}

function sorted(rows: readonly Row[]): Row[] {
  return rows.toSorted((left, right) => (textOf(left) < textOf(right) ? -1 : 1));
}

function textOf(row: Row): string {
  return JSON.stringify(Object.entries(row).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
