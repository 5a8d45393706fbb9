import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorTable, refusals } from '../../../../src/engine/mssql/error-table.ts';
import { endedTransaction, notEntered, wrongTransaction } from '../../../../src/engine/mssql/routed-batch.ts';

const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const ascending = (numbers: Iterable<number>): number[] => [...new Set(numbers)].toSorted((left, right) => left - right);

const root = new URL('../../../../sql/mssql/', import.meta.url);
const thrown = ascending([
  notEntered,
  wrongTransaction,
  endedTransaction,
  ...globSync('**/*.sql', { cwd: root }).flatMap((path) =>
    Array.from(read(`sql/mssql/${path}`).matchAll(/\bTHROW (\d+)/g), ([, number]) => Number(number)),
  ),
]);

test('every number that Tenantry throws is one of its own, and stands on the page with what it means; no other does', () => {
  expect(thrown.filter((number) => number < 51_000 || number > 51_099)).toEqual([]);
  const [, numbers = ''] = /\n## Numbers of Tenantry's errors\n([\s\S]*?)(?=\n## |$)/.exec(read('docs/sql-server-operations.md')) ?? [];
  const documented = Array.from(numbers.matchAll(/^\| ([\d ·]+) \|/gm), ([, first = '']) => first.split('·').map(Number)).flat();
  expect(ascending(documented)).toEqual(thrown);
});

test('every one of them means something to the engine, and nothing of that range means something that nobody throws', () => {
  const moved = 51_005;
  const meant = [...errorTable.map(([number]) => number), ...refusals.keys(), moved, endedTransaction];
  expect(ascending(meant.filter((number) => number >= 51_000))).toEqual(thrown);
});
