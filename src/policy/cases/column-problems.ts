import type { PolicyCases } from '../../core/policy-case.ts';
import type { Problem } from '../../core/problem-list.ts';
import { suggest } from '../../core/suggest.ts';
import { saidRows, type SaidRow } from './said-values.ts';
import type { TestedTable, TestedTables } from './tested-tables.ts';

/** What a file names that the database has not, and what it leaves out that its rows are told by. */
export function columnProblems(file: PolicyCases, tables: TestedTables): Problem[] {
  const missing = [
    ...file.fixtures.map(({ table, at }) => ({ table, path: at })),
    ...file.cases.flatMap(({ statement, at }) =>
      statement.kind === 'sql' ? [] : [{ table: statement.table, path: at.concat(statement.kind) }],
    ),
  ]
    .filter(({ table }) => !tables.has(table.name))
    .map(({ path }) => ({ path, message: 'is a table that the database has not' }));
  const ofRows = saidRows(file).flatMap((said) => {
    const table = tables.get(said.table.name);
    return table === undefined ? [] : unknownColumns(said, table).concat(keyProblems(said, table));
  });
  const upserts = file.cases.flatMap(({ statement, at }): Problem[] => {
    const table = statement.kind === 'upsert' ? tables.get(statement.table.name) : undefined;
    if (table === undefined || statement.kind !== 'upsert') return [];
    if (table.key.length === 0)
      return [{ path: [...at, 'upsert'], message: 'is a table without a primary key, by which rows would be found' }];
    return statement.values.flatMap((row, index) => {
      const left = table.key.filter((column) => column !== table.tenantColumn && !Object.hasOwn(row, column));
      const path = at.concat('values', statement.values.length > 1 ? [index] : []);
      return left.length === 0 ? [] : [{ path, message: `needs ${left.join(', ')}, by which the row is found that it may change` }];
    });
  });
  return [...missing, ...ofRows, ...upserts];
}

function unknownColumns({ row, path }: SaidRow, { name, columns }: TestedTable): Problem[] {
  const known = [...columns.keys()];
  return Object.keys(row)
    .filter((column) => !columns.has(column))
    .map((column) => {
      const near = suggest(column, known);
      const hint = near === undefined ? `it has ${known.join(', ')}` : `did you mean ${near}?`;
      return { path: [...path, column], message: `names no column of ${name}; ${hint}` };
    });
}

/** Rows that are every tenant's are told from those that are there by their key. */
function keyProblems({ table: { tenantColumn }, row, use, path }: SaidRow, { name, key }: TestedTable): Problem[] {
  if (use !== 'fixture' || tenantColumn !== undefined) return [];
  if (key.length === 0) return [{ path, message: `is a row of ${name}, which has no primary key to tell it from others by` }];
  const left = key.filter((column) => !Object.hasOwn(row, column));
  if (left.length === 0) return [];
  return [{ path, message: `needs ${left.join(', ')}, by which it is told from the rows that are there` }];
}
