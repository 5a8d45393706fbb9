import { beforeAll, describe, expect, it } from 'vitest';
import { inspectShard } from '../../../src/main/inspection/inspect-policies.ts';
import type { PolicyModel } from '../../../src/config/policy-model.ts';
import type { InspectedPolicies } from '../../../src/policy/inspection.ts';
import { everyPredicate, itsTables, tablesOf } from '../../support/every-predicate.ts';
import { postgresPolicies, usePolicyShard } from '../../support/policy-shard.ts';

const shard = usePolicyShard();

function inspect(): Promise<InspectedPolicies<PolicyModel>> {
  return inspectShard(shard.database.admin, postgresPolicies, 'postgres');
}

async function anotherShard(): Promise<void> {
  await shard.renew();
  await shard.asAdmin(itsTables);
}

describe('an inspection of a shard with every kind of predicate', () => {
  let found: InspectedPolicies<PolicyModel>;
  beforeAll(async () => {
    await anotherShard();
    await shard.apply(tablesOf(everyPredicate));
    found = await inspect();
  });

  it('says all of it as the configuration did', () => {
    expect(found.inspection.model).toEqual(everyPredicate);
    expect(found.inspection.tables.map(({ table, inModel, raw }) => [table, inModel, raw])).toEqual([
      ['lab.Notes', 'lab.Notes', []],
      ['public.Blogs', 'Blogs', []],
      ['public.Countries', 'Countries', []],
      ['public.Members', 'Members', []],
      ['public.Permissions', 'Permissions', []],
      ['public.Projects', 'Projects', []],
      ['public.Samples', 'Samples', []],
    ]);
  });

  it('is the same again where its model is applied to empty tables', async () => {
    await anotherShard();
    await shard.apply(tablesOf(found.inspection.model));
    expect(await inspect()).toEqual(found);
    expect((await shard.apply(tablesOf(everyPredicate), { dryRun: true })).changes).toEqual([]);
  });

  it('is the same again where its statements are run', async () => {
    await anotherShard();
    await shard.asRoot(found.script);
    expect(await inspect()).toEqual(found);
    expect((await shard.apply(tablesOf(everyPredicate), { dryRun: true })).changes).toEqual([]);
  });
});
