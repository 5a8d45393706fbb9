import type { CasePath, CaseRow, CaseTable, PolicyCases } from '../../core/policy-case.ts';
import type { SqlValue } from '../../core/sql.ts';

/** What a row of a file is for. */
export type RowUse = 'fixture' | 'where' | 'set' | 'values' | 'expected';

/** A row of a file, where it stands, and the table whose columns it names. */
export interface SaidRow {
  readonly table: CaseTable;
  readonly row: CaseRow;
  readonly use: RowUse;
  readonly path: CasePath;
}

/** A value of a file. */
export interface SaidValue {
  readonly table: CaseTable;
  readonly column: string;
  readonly value: SqlValue;
  readonly path: CasePath;
}

/** Every row of a file that names columns of a table. */
export function saidRows({ fixtures, cases }: PolicyCases): SaidRow[] {
  const ofFixtures = fixtures.flatMap(({ table, rows, at }) =>
    rows.map((row, index): SaidRow => ({ table, row, use: 'fixture', path: [...at, index] })),
  );
  const ofCases = cases.flatMap(({ statement, expect, at }): SaidRow[] => {
    if (statement.kind === 'sql') return [];
    const { table } = statement;
    const values = 'values' in statement ? statement.values : [];
    const said = (use: RowUse, row: CaseRow, ...path: CasePath): SaidRow => ({ table, row, use, path: [...at, ...path] });
    return [
      ...values.map((row, index) => said('values', row, 'values', ...(values.length > 1 ? [index] : []))),
      ...('set' in statement ? [said('set', statement.set, 'set')] : []),
      ...('where' in statement ? [said('where', statement.where, 'where')] : []),
      ...(expect.kind === 'rows' ? expect.rows.map((row, index) => said('expected', row, 'expect', 'rows', index)) : []),
    ];
  });
  return [...ofFixtures, ...ofCases];
}

/** Every value of a row but those of its tenant column, where a name stands in place of one. */
export function saidValues({ table, row, path }: SaidRow): SaidValue[] {
  return Object.entries(row)
    .filter(([column]) => column !== table.tenantColumn)
    .map(([column, value]) => ({ table, column, value, path: [...path, column] }));
}
