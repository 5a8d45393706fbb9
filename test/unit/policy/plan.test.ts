import { describe, expect, it } from 'vitest';
import { makePlan, readPlan, requireFitting, type PlannedShard, type PolicyPlan } from '../../../src/policy/plan.ts';

const origin = { version: '1.0.0', map: 'customers', configuration: 'c1' };
const shard: PlannedShard = {
  name: 'a',
  shardId: '11111111-1111-1111-1111-111111111111',
  incarnation: 'server/1',
  state: 's1',
  changes: [
    {
      kind: 'set',
      of: 'table',
      object: 'public.Blogs',
      item: 'row security',
      before: 'off',
      after: 'forced',
      statements: ['alter table "Blogs" enable row level security'],
    },
  ],
  warnings: [{ code: 'no-primary-key', severity: 'advice', object: 'public.Blogs', text: 'has no primary key' }],
};
const plan = makePlan(origin, new Date('2026-01-02T03:04:05.678Z'), [shard]);
/** With another change in it, and its digest right. */
const withChange = (other: object): string => {
  const changed = { ...shard, changes: [{ ...shard.changes[0], ...other }] } as PlannedShard;
  return JSON.stringify(makePlan(origin, new Date(plan.madeAt), [changed]));
};
const fleet = [shard, { name: 'b', shardId: '22222222-2222-2222-2222-222222222222', incarnation: 'server/1' }];

describe('a plan', () => {
  it('is read as it was written, however it is laid out', () => {
    expect(readPlan(JSON.stringify(plan, null, 4), 'plan.json')).toEqual(plan);
  });

  it.each<[what: string, edit: (plan: PolicyPlan) => unknown]>([
    [
      'a statement',
      (made) => ({ ...made, shards: [{ ...shard, changes: [{ ...shard.changes[0], statements: ['drop table "Blogs"'] }] }] }),
    ],
    ['a shard less', (made) => ({ ...made, shards: [] })],
    ['another state', (made) => ({ ...made, shards: [{ ...shard, state: 's2' }] })],
    ['another version', (made) => ({ ...made, version: '1.0.1' })],
  ])('is refused where it was changed: %s', (_, edit) => {
    expect(() => readPlan(JSON.stringify(edit(plan)), 'plan.json')).toThrow('The file plan.json was changed after it was written.');
  });

  it.each<[what: string, text: string, message: string]>([
    ['no JSON', '{', 'The file plan.json is no JSON.'],
    ['another thing', '{"format": "x"}', 'The file plan.json is no plan of this program: format'],
    ['something besides', JSON.stringify({ ...plan, more: 1 }), 'is no plan of this program'],
    ['a change of a table without a name', withChange({ object: null }), 'shards.0.changes.0.object'],
    ['a shard that is set', withChange({ of: 'shard', object: null }), 'shards.0.changes.0.of'],
    ['a table that is accepted', withChange({ kind: 'accept' }), 'shards.0.changes.0.of'],
    ['a shard by a name', withChange({ kind: 'renew', of: 'shard' }), 'shards.0.changes.0.object'],
  ])('is refused where it is none: %s', (_, text, message) => {
    expect(() => readPlan(text, 'plan.json')).toThrow(message);
    expect(() => readPlan(text, 'plan.json')).toThrow('Make another one: tenantry policy plan.');
  });

  it('fits the fleet, program and configuration that it was made for, whatever shards there are besides', () => {
    expect(() => requireFitting(plan, 'plan.json', origin, fleet)).not.toThrow();
  });

  it.each<[what: string, origin: typeof origin, fleet: Parameters<typeof requireFitting>[3], message: string]>([
    ['version', { ...origin, version: '2.0.0' }, fleet, 'is of version 1.0.0, and this is 2.0.0'],
    ['map', { ...origin, map: 'others' }, fleet, 'is of map customers, and this is others'],
    ['configuration', { ...origin, configuration: 'c2' }, fleet, 'was made from another configuration'],
    ['fleet', origin, [{ ...shard, shardId: '33333333-3333-3333-3333-333333333333' }], 'has a shard a (11111111-'],
    ['name of a shard', origin, [{ ...shard, name: 'z' }], 'has a shard a (11111111-'],
    ['server of a shard', origin, [{ ...shard, incarnation: 'server/2' }], 'is of another server of shard a than it has now'],
  ])('does not fit another %s', (_, present, shards, message) => {
    expect(() => requireFitting(plan, 'plan.json', present, shards)).toThrow(message);
  });
});
