import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resultColumns } from './sql-columns.ts';

/** Files that one engine has alone, each with the reason. */
const alone: Readonly<Record<'postgres' | 'mssql', Readonly<Record<string, string>>>> = {
  postgres: {
    'schema/bootstrap/002-guarded-setting': 'SQL Server protects the context by a read-only key, for which nobody needs a right',
  },
  mssql: {
    'schema/bootstrap/004-no-definitions':
      'PostgreSQL has no trigger for what a role changes of itself; there the first word of a statement is looked at',
  },
};

/** Types of PostgreSQL and the types of T-SQL that carry the same values. */
const sameType: Readonly<Record<string, RegExp>> = {
  integer: /^int$/,
  bigint: /^bigint$/,
  bytea: /^varbinary\(\d+\)$/,
  text: /^nvarchar\((\d+|max)\)$/,
  uuid: /^uniqueidentifier$/,
  jsonb: /^nvarchar\(max\)$/,
  boolean: /^bit$/,
  timestamptz: /^datetimeoffset\(\d\)$/,
};

interface QueryFace {
  /** Names and types in order. */
  readonly parameters: readonly (readonly [string, string])[];
  readonly columns: readonly string[];
  /** Columns that hold JSON as text. */
  readonly json: readonly string[];
}

/** Where the library of `sql/mssql` is not the twin of `sql/postgres`: one sentence each. `sql` is the folder of both. */
export function twinProblems(sql: string): string[] {
  const names = { postgres: filesOf(sql, 'postgres'), mssql: filesOf(sql, 'mssql') };
  const missing = (from: 'postgres' | 'mssql', to: 'postgres' | 'mssql'): string[] => [
    ...[...names[from]]
      .filter((name) => !names[to].has(name) && alone[from][name] === undefined)
      .map((name) => `sql/${from}/${name}.sql has no twin in sql/${to}`),
    ...Object.keys(alone[from])
      .filter((name) => !names[from].has(name) || names[to].has(name))
      .map((name) => `${name} is named as a file that sql/${from} has alone, and is not`),
  ];
  const shared = [...names.postgres].filter((name) => names.mssql.has(name) && name.startsWith('queries/'));
  return [
    ...missing('postgres', 'mssql'),
    ...missing('mssql', 'postgres'),
    ...shared.flatMap((name) => differences(name, faceOf(sql, 'postgres', name), faceOf(sql, 'mssql', name))),
  ];
}

function filesOf(sql: string, engine: string): Set<string> {
  return new Set(globSync('**/*.sql', { cwd: join(sql, engine) }).map((path) => path.slice(0, -'.sql'.length)));
}

function faceOf(sql: string, engine: string, name: string): QueryFace {
  const text = readFileSync(join(sql, engine, `${name}.sql`), 'utf8');
  return {
    parameters: [...text.matchAll(/^-- @(\w+) (\S.*)$/gm)].map(([, parameter = '', type = '']) => [parameter, type.trim()] as const),
    columns: resultColumns(text),
    json: [...text.matchAll(/^-- json: (\w+)$/gm)].map(([, column = '']) => column),
  };
}

function differences(name: string, postgres: QueryFace, mssql: QueryFace): string[] {
  const problems: string[] = [];
  const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
  const [left, right] = [postgres, mssql].map(({ parameters }) => list(parameters.map(([parameter]) => parameter)));
  if (left !== right) problems.push(`${name}: parameters are ${left} in sql/postgres, ${right} in sql/mssql`);
  else {
    postgres.parameters.forEach(([parameter, type], index) => {
      const other = mssql.parameters[index]?.[1] ?? '';
      if (sameType[type]?.test(other) !== true)
        problems.push(`${name}: @${parameter} is ${type} in sql/postgres and ${other} in sql/mssql`);
    });
  }
  if (list(postgres.columns) !== list(mssql.columns))
    problems.push(`${name}: columns are ${list(postgres.columns)} in sql/postgres, ${list(mssql.columns)} in sql/mssql`);
  const unknown = mssql.json.filter((column) => !mssql.columns.includes(column));
  if (unknown.length > 0) problems.push(`${name}: there is no column ${list(unknown)} that could hold JSON in sql/mssql`);
  return problems;
}
