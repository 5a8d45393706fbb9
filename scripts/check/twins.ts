import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resultColumns } from './sql-columns.ts';
import { tableColumns } from './table-columns.ts';

/** Files that one engine has alone, each with the reason. */
const alone: Readonly<Record<'postgres' | 'mssql', Readonly<Record<string, string>>>> = {
  postgres: {
    'schema/shard/010-context-mac': 'where the right to a guarded setting may not be granted; SQL Server needs none',
    'schema/shard/045-context-mac': 'the same',
    'schema/bootstrap/000-trusted-watching':
      'SQL Server finds functions of users by their schema alone, and its provisioning runs nothing that another made as the administrator',
    'schema/bootstrap/006-watching-rights': 'SQL Server has no default privileges; what it grants stands with what is made',
    'schema/bootstrap/007-owners': 'SQL Server gives admin rights to what is configured, by a statement each, and leaves the owners',
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

/** Columns that one engine's tables have alone, each with the reason. */
const columnsAlone: Readonly<Record<'postgres' | 'mssql', Readonly<Record<string, string>>>> = {
  postgres: {
    ...Object.fromEntries(
      [
        'local_mapping.open_ticket',
        'local_mapping.first_key',
        'local_mapping.past_key',
        'local_mapping.open_entry',
        'local_mapping.context',
        'local_mapping.context_start',
        'gate.open_until',
      ].map((name) => [name, 'generated, for an enter that is one statement; on SQL Server it is a procedure']),
    ),
    ...Object.fromEntries(
      [
        'local_mapping.captured',
        'captured_change.mapping_id',
        'captured_change.relation',
        'captured_change.key',
        'captured_change.transaction_id',
        'capture.only_row',
        'capture.switched',
      ].map((name) => [name, 'SQL Server tracks changes by itself (Change Tracking)']),
    ),
    ...Object.fromEntries(
      ['only_row', 'inner_pad', 'outer_pad'].map((name) => [`context_key.${name}`, 'SQL Server has read-only keys, which need no code']),
    ),
  },
  mssql: {
    'hidden_row.value': 'PostgreSQL itself keeps statistics of protected tables from readers (pg_stats)',
    'accepted.row_version': 'PostgreSQL has xmin in every row',
    'gate.row_version': 'PostgreSQL has xmin in every row',
    'mapping_fence.mapping_id': 'PostgreSQL has advisory locks',
    'mapping.low_length': 'SQL Server compares bytes as if the shorter side were filled up with zeros',
  },
};

/** What is stored, besides what is given as a parameter: times in UTC. */
const sameStoredType: typeof sameType = { ...sameType, timestamptz: /^datetime2\(7\)$/ };

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
    ...tableProblems(tableColumns(join(sql, 'postgres')), tableColumns(join(sql, 'mssql'))),
    ...shared.flatMap((name) => differences(name, faceOf(sql, 'postgres', name), faceOf(sql, 'mssql', name))),
  ];
}

/** Where the tables differ: a query that gives a column as it is stored gives the type that it has there. */
function tableProblems(postgres: ReadonlyMap<string, string>, mssql: ReadonlyMap<string, string>): string[] {
  const lacking = (engine: 'postgres' | 'mssql', has: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] =>
    [...new Set([...has.keys(), ...Object.keys(columnsAlone[engine])])]
      .filter((name) => (has.has(name) && !other.has(name)) !== (columnsAlone[engine][name] !== undefined))
      .map((name) => `${name}: the tables of sql/${engine} have it alone, or are said to and have not`);
  const types = [...postgres].flatMap(([name, type]) => {
    const other = mssql.get(name);
    return other === undefined || sameStoredType[type]?.test(other) === true
      ? []
      : [`${name} is ${type} in sql/postgres and ${other} in sql/mssql`];
  });
  return [...lacking('postgres', postgres, mssql), ...lacking('mssql', mssql, postgres), ...types];
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
