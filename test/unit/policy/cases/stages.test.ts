import { expect, it } from 'vitest';
import type { CaseActor, CaseStatement, PolicyCase } from '../../../../src/core/policy-case.ts';
import { stagesOf } from '../../../../src/policy/cases/stages.ts';

const table = { name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' };
const ann: CaseActor = { principal: 'app', tenant: 'acme', context: { userId: 'ann' } };
const bob: CaseActor = { principal: 'app', tenant: 'acme', context: { userId: 'bob' } };
const select: CaseStatement = { kind: 'select', table, where: {} };
const insert: CaseStatement = { kind: 'insert', table, values: [{}] };

const cases = (
  [
    ['a', ann, select],
    ['b', bob, select],
    ['c', ann, insert],
    ['d', { ...ann }, select],
    ['e', bob, insert],
  ] as const
).map(([name, as, statement]): PolicyCase => ({ name, as, statement, expect: { kind: 'denied' }, at: [] }));

function names(entersOnce: boolean): string[] {
  return stagesOf(cases, { entersOnce }).map((stage) => stage.map(({ name }) => name).join(''));
}

it('puts what makes up rows on stages of their own, so that no other case finds them', () => {
  expect(names(false)).toEqual(['abd', 'c', 'e']);
});

it('gives everybody a stage where a session keeps its first tenant', () => {
  expect(names(true)).toEqual(['ad', 'b', 'c', 'e']);
});

it('makes none for nothing', () => {
  expect(stagesOf([], { entersOnce: false })).toEqual([]);
});
