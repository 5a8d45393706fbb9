import { TenantryError } from '../core/errors.ts';
import type { KeyType } from '../core/key-type.ts';
import type { SqlSession } from '../core/session.ts';
import type { LocatedTable, PolicyFinding } from './model.ts';

type Sentence = (detail: string) => string;

const problems: Readonly<Record<string, Sentence>> = {
  'missing-table': () => 'does not exist in the shard',
  'not-a-table': () => 'is not a table; only ordinary and partitioned tables can be routed',
  'owned-by-app': (owner) => `belongs to ${owner}, a login of tenant traffic, which must own nothing`,
  'not-owned': (owner) => `belongs to ${owner}, and the admin login may not put policies on it`,
  'unknown-column': (column) => `has no column ${column} (names are exact-case)`,
  'column-type': (types) => `has a tenant column of type ${types}`,
  collation: (type) => `has a tenant column of type ${type} whose collation does not compare bytes`,
  nullable: (column) => `allows null in its tenant column ${column}: such a row would belong to no tenant`,
  computed: (column) => `computes its tenant column ${column}; it must be a plain column`,
  'no-index': (column) => `has no index that begins with its tenant column ${column}: every statement would read all tenants' rows`,
};

const warnings: Readonly<Record<string, Sentence>> = {
  'primary-key': () =>
    'has a primary key that does not begin with the tenant column: it cannot be moved between shards, and tells whether another tenant has a key',
  'no-primary-key': () => 'has no primary key: it cannot be moved between shards',
  'unique-key': (name) => `has a unique index ${name} without the tenant column: it tells whether another tenant has a value`,
  'foreign-key': (name) =>
    `has a foreign key ${name} without the tenant column: it tells whether another tenant has a row, and may refer to it`,
  view: (owner) => `is a view over routed tables that reads as ${owner}, not as the tenant`,
  'materialized-view': (owner) => `is a materialized view over routed tables of ${owner}, with every tenant's rows, and app may read it`,
  'definer-function': (owner) => `is a function that runs as ${owner}, and app may call it`,
  'unlisted-table': () => 'is not in the configuration, yet app may use it: every tenant shares its rows',
};

/** What helps where no one statement does: of names and columns that only the table's owner can choose. */
const advice: Readonly<Record<string, (object: string, detail: string) => string>> = {
  'primary-key': (object) => `ALTER TABLE ${object}: drop its primary key, and add one that begins with the tenant column`,
  'no-primary-key': (object) => `ALTER TABLE ${object}: add a primary key that begins with the tenant column`,
  'unique-key': (object, name) => `CREATE UNIQUE INDEX on ${object}, with the tenant column among its keys, then drop ${name}`,
  'foreign-key': (object, name) => `ALTER TABLE ${object}: add a foreign key that has the tenant column on both sides, then drop ${name}`,
  'definer-function': (object) => `ALTER ${object}: let it run as whoever calls it, or take the right to it from app`,
};

const sessionCode =
  'may leave something in its session (SET without LOCAL, set_config, LISTEN, PREPARE, WITH HOLD, EXECUTE or another language; of pg_catalog and pg_temp: a right that the bootstrap takes from everybody is back): the connections of this shard are reset after every statement, which costs time';

interface FindingRow extends Record<string, unknown> {
  readonly schema: string;
  readonly table: string;
  readonly detail: string | null;
  readonly remedy: string | null;
}

/** Throws INVALID_CONFIGURATION with every reason why the configured tables cannot be routed as they are. */
export async function refuseUnfit(session: SqlSession, tables: readonly LocatedTable[], keyType: KeyType): Promise<void> {
  const found = await problemsOf(session, tables, keyType);
  if (found.length === 0) return;
  const list = found.map(({ object, text, remedy }) => `${object} ${text}${remedy === undefined ? '' : `; run: ${remedy};`}`);
  throw new TenantryError('INVALID_CONFIGURATION', `The tables of the shard do not fit:\n- ${list.join('\n- ')}`);
}

/** Every reason why the configured tables cannot be routed as they are. */
export async function problemsOf(session: SqlSession, tables: readonly LocatedTable[], keyType: KeyType): Promise<PolicyFinding[]> {
  const { rows } = await session.run<FindingRow & { problem: string }>('policy/problems', { tables: JSON.stringify(tables), keyType });
  return rows.map((row) => finding(problems, row.problem, row));
}

/** What may undo the protection of the tables, or cannot be done with them. */
export async function warningsOf(session: SqlSession, tables: readonly LocatedTable[]): Promise<PolicyFinding[]> {
  const { rows } = await session.run<FindingRow & { warning: string }>('policy/warnings', { tables: JSON.stringify(tables) });
  const code = await session.run<{ schema: string; function: string }>('policy/session-code');
  return [
    ...rows.map((row) => finding(warnings, row.warning, row)),
    ...code.rows.map((row) => {
      const object = `${row.schema}.${row.function}`;
      return {
        object,
        text: sessionCode,
        remedy: `ALTER ${object} so that it leaves nothing, or take the right to it from app and public`,
      };
    }),
  ];
}

function finding(sentences: Readonly<Record<string, Sentence>>, kind: string, row: FindingRow): PolicyFinding {
  const sentence = sentences[kind];
  if (sentence === undefined) throw new TenantryError('INTERNAL', `The policy queries found ${kind}, which has no text.`);
  const object = `${row.schema}.${row.table}`;
  const remedy = row.remedy ?? advice[kind]?.(object, row.detail ?? '');
  return { object, text: sentence(row.detail ?? ''), ...(remedy === undefined ? {} : { remedy }) };
}
