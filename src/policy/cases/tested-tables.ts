import type { SqlSession } from '../../core/session.ts';
import type { CaseTable, PolicyCases } from '../../core/policy-case.ts';
import type { SqlDialect } from '../../core/sql.ts';
import { qualifiedTables } from '../../engine/qualified-tables.ts';

/** A column of a table that cases are about. */
export interface TestedColumn {
  readonly name: string;
  /** As the engine declares it. */
  readonly type: string;
}

/** A table that cases are about, as the database has it. */
export interface TestedTable extends CaseTable {
  readonly schema: string;
  readonly columns: ReadonlyMap<string, TestedColumn>;
  /** Columns of the primary key in its order; none where it has none. */
  readonly key: readonly string[];
}

/** By the names that the configuration has; those that the database lacks are not there. */
export type TestedTables = ReadonlyMap<string, TestedTable>;

interface DescribedColumn extends TestedColumn, Record<string, unknown> {
  readonly table: string;
  readonly keyPosition: number | null;
}

/** What the database says of every table that cases name. */
export async function describeTested(session: SqlSession, dialect: SqlDialect, files: readonly PolicyCases[]): Promise<TestedTables> {
  const named = new Map(files.flatMap(tablesOf).map((table) => [table.name, table]));
  const located = qualifiedTables([...named.values()], dialect);
  const tables = JSON.stringify(located.map(({ name, schema, table }) => ({ name, schema, table })));
  const { rows } = await session.run<DescribedColumn>('shard/describe-tables', { tables });
  const byTable = Map.groupBy(rows, ({ table }) => table);
  return new Map(
    located.flatMap((table) => {
      const columns = byTable.get(table.name);
      return columns === undefined ? [] : [[table.name, described(table, columns)]];
    }),
  );
}

function described(table: CaseTable & { readonly schema: string }, columns: readonly DescribedColumn[]): TestedTable {
  const key = columns
    .filter(({ keyPosition }) => keyPosition !== null)
    .toSorted((one, other) => (one.keyPosition ?? 0) - (other.keyPosition ?? 0))
    .map(({ name }) => name);
  return { ...table, key, columns: new Map(columns.map(({ name, type }) => [name, { name, type }])) };
}

function tablesOf({ fixtures, cases }: PolicyCases): CaseTable[] {
  return [...fixtures.map(({ table }) => table), ...cases.flatMap(({ statement }) => (statement.kind === 'sql' ? [] : [statement.table]))];
}
