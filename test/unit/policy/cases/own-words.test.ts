import { expect, it } from 'vitest';
import { pathText } from '../../../../src/core/problem-list.ts';
import type { CaseStatement, PolicyCase } from '../../../../src/core/policy-case.ts';
import { mssqlRehearsals } from '../../../../src/engine/mssql/rehearsal.ts';
import { postgresRehearsals } from '../../../../src/engine/postgres/rehearsal.ts';
import { ownWordsProblems } from '../../../../src/policy/cases/own-words.ts';

const engines = { mssql: { name: 'mssql', rehearsals: mssqlRehearsals }, postgres: { name: 'postgres', rehearsals: postgresRehearsals } };

function problems(engine: keyof typeof engines, ...texts: readonly Readonly<Record<string, string>>[]): string[] {
  const cases = texts.map((text, index): PolicyCase => {
    const statement: CaseStatement = { kind: 'sql', text };
    return { name: String(index), as: { principal: 'admin', context: {} }, statement, expect: { kind: 'denied' }, at: ['cases', index] };
  });
  return ownWordsProblems({ cases }, engines[engine]).map(({ path, message }) => `${pathText(path)}: ${message}`);
}

it('tells each case whose statement may outlast its rehearsal, by its place and for the engine that would run it', () => {
  const texts = [{ mssql: 'select 1 commit', postgres: 'select 1' }, { postgres: 'commit' }, { postgres: 'select 1; commit' }, {}];
  expect(problems('mssql', ...texts)).toEqual([
    'cases[0].sql: must be one statement that is undone whole, and has for mssql: COMMIT; take it out of the case',
  ]);
  expect(problems('postgres', ...texts)).toEqual([
    'cases[1].sql: must be one statement that is undone whole, and has for postgres: a statement of transactions; take it out of the case',
    'cases[2].sql: must be one statement that is undone whole, and has for postgres: a semicolon; take it out of the case',
  ]);
});
