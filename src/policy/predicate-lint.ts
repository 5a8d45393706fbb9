import { rowOperations, type Predicate, type ReadTable } from '../core/predicate.ts';
import type { FindingCode } from './finding-catalogue.ts';
import type { LocatedTable } from './model.ts';

/** What policies go by, as `policy/predicate-warnings` is told it; without a schema a table is of the engine's default one. */
interface PredicateUse extends Pick<ReadTable, 'schema' | 'table'> {
  /** Where the configuration says it. */
  readonly at: string;
  /** `index`: rows are asked for by these columns; `decides`: who is admitted stands in its rows. */
  readonly use: 'index' | 'decides';
  readonly columns: readonly string[];
  /** What may stand among them in an index: it is known of these, too. */
  readonly also: readonly string[];
}

/** What is found of policies by their words alone. */
interface WordFinding extends Pick<LocatedTable, 'schema' | 'table'> {
  readonly code: FindingCode;
  readonly detail: string;
  readonly at: string;
}

/** Which tables policies ask for rows, by which columns, each once. */
export function predicateUses(tables: readonly LocatedTable[]): PredicateUse[] {
  const conditions = eachCondition(tables);
  // Rows that are seen are found by what each must meet.
  const seen = conditions.filter(({ operation }) => operation === 'select');
  const own = seen.flatMap(({ table, policy, condition }) => conjuncts(condition).flatMap((each) => ownIndex(each, table, policy)));
  const uses = own.concat(conditions.flatMap(({ policy, condition }) => usesOf(condition, policy)));
  return [...new Map(uses.map((use) => [JSON.stringify({ ...use, at: use.use === 'index' ? '' : use.at }), use])).values()];
}

/** What every user of a tenant may do with the rows of a table, whatever policies are on it: nothing of a reference table's. */
export function openTables(tables: readonly LocatedTable[]): { schema: string; table: string; open: string }[] {
  return tables.flatMap(({ schema, table, tenantColumn, policies = [] }) => {
    const writes = rowOperations.filter(
      (operation) => operation !== 'select' && policies.every(({ conditions }) => conditions[operation] === undefined),
    );
    return tenantColumn === undefined || writes.length === 0 ? [] : [{ schema, table, open: writes.join(', ') }];
  });
}

/** What is to be known of policies by their words, whatever a shard has. */
export function wordFindings(tables: readonly LocatedTable[]): WordFinding[] {
  return [...tables.flatMap(unseenInserts), ...rawSubqueries(tables), ...sessionWords(tables)];
}

/** Adding a row asks all that reading does where each part of what reading asks is among the parts of what adding asks. */
function unseenInserts({ schema, table, policies = [] }: LocatedTable): WordFinding[] {
  const asked = new Set(policies.flatMap(({ conditions }) => conjuncts(conditions.insert).map(wordsOf)));
  const names = policies
    .filter(({ conditions }) => conjuncts(conditions.select).some((part) => !asked.has(wordsOf(part))))
    .map(({ name }) => name);
  return names.length === 0 ? [] : [{ code: 'unseen-insert', schema, table, detail: names.join(', '), at: '' }];
}

function rawSubqueries(tables: readonly LocatedTable[]): WordFinding[] {
  return rawFindings(tables, (text) =>
    /\bselect\b/i.test(text) && !/\bcurrent_tenant\b|\btenantry\.tenant\b/i.test(text) ? { code: 'raw-subquery', detail: '' } : undefined,
  );
}

/** What asks for the session in which it is, on either engine; in functions and views `policy/warnings` looks for the same. */
const sessionWord =
  /(?<!["\w])(?:session_user|system_user|pg_backend_pid|inet_client_addr|inet_client_port|pg_stat_activity|pg_stat_get_activity|current_setting\s*\(\s*'(?:role|application_name|session_authorization)'|original_login|suser_s?name|suser_s?id|host_name|host_id|app_name|program_name|connectionproperty|dm_exec_sessions|dm_exec_connections|@@spid)(?!["\w])/gi;

function sessionWords(tables: readonly LocatedTable[]): WordFinding[] {
  return rawFindings(tables, (text) => {
    const words = new Set((text.match(sessionWord) ?? []).map((word) => word.toLowerCase()));
    return words.size === 0 ? undefined : { code: 'session-identity', detail: [...words].join(', ') };
  });
}

/** What is found in the texts of raw predicates, each once. */
function rawFindings(
  tables: readonly LocatedTable[],
  find: (text: string) => Pick<WordFinding, 'code' | 'detail'> | undefined,
): WordFinding[] {
  const found = eachCondition(tables).flatMap(({ table: { schema, table }, policy, condition }) =>
    rawTexts(condition, policy).flatMap(({ text, at }): WordFinding[] => {
      const one = find(text);
      return one === undefined ? [] : [{ ...one, schema, table, at }];
    }),
  );
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()];
}

interface Condition {
  readonly table: LocatedTable;
  readonly policy: string;
  readonly operation: string;
  readonly condition: Predicate;
}

function eachCondition(tables: readonly LocatedTable[]): Condition[] {
  return tables.flatMap((table) =>
    (table.policies ?? []).flatMap(({ name, conditions }) =>
      Object.entries(conditions).map(([operation, condition]) => ({ table, policy: `policies.${name}`, operation, condition })),
    ),
  );
}

/** The parts of a predicate all of which must be true. */
function conjuncts(predicate: Predicate | undefined): Predicate[] {
  if (predicate === undefined) return [];
  return predicate.kind === 'all' ? predicate.of.flatMap(conjuncts) : [predicate];
}

function ownIndex(predicate: Predicate, { schema, table, tenantColumn }: LocatedTable, policy: string): PredicateUse[] {
  const own = startOf(predicate);
  if (own === undefined) return [];
  return [{ at: own.at ?? policy, use: 'index', schema, table, columns: distinct([tenantColumn, own.column]), also: [] }];
}

/** The column by whose values a predicate's own rows may be found; undefined where it is asked of rows that something else has found. */
function startOf(predicate: Predicate): { readonly column: string; readonly at: string | undefined } | undefined {
  if (predicate.kind === 'owner') return { column: predicate.column, at: predicate.at?.column };
  if (predicate.kind === 'member' && predicate.few === true) return { column: predicate.of, at: predicate.at?.of };
  const [pair, ...others] = predicate.kind === 'parent' && predicate.few === true ? predicate.columns : [];
  if (predicate.kind !== 'parent' || pair === undefined || others.length > 0) return undefined;
  return { column: pair.child, at: predicate.at?.columns };
}

function usesOf(predicate: Predicate, policy: string): PredicateUse[] {
  switch (predicate.kind) {
    case 'member': {
      const { schema, table, tenantColumn } = predicate.table;
      const place = schema === undefined ? { table } : { schema, table };
      return [
        {
          at: predicate.at?.key ?? policy,
          use: 'index',
          ...place,
          columns: distinct([tenantColumn, predicate.key]),
          also: [predicate.gives],
        },
        { at: predicate.at?.key ?? policy, use: 'decides', ...place, columns: [], also: [] },
      ];
    }
    case 'parent': {
      const { schema, table, tenantColumn } = predicate.table;
      const columns = distinct([tenantColumn, ...predicate.columns.map(({ parent }) => parent)]);
      const place = schema === undefined ? { table } : { schema, table };
      return [{ at: predicate.at?.columns ?? policy, use: 'index', ...place, columns, also: [] }, ...usesOf(predicate.rows, policy)];
    }
    case 'all':
    case 'any':
      return predicate.of.flatMap((each) => usesOf(each, policy));
    case 'owner':
    case 'role':
    case 'raw':
      return [];
  }
}

function rawTexts(predicate: Predicate, policy: string): { readonly text: string; readonly at: string }[] {
  if (predicate.kind === 'all' || predicate.kind === 'any') return predicate.of.flatMap((each) => rawTexts(each, policy));
  if (predicate.kind === 'parent') return rawTexts(predicate.rows, policy);
  if (predicate.kind !== 'raw') return [];
  return Object.entries(predicate.text).map(([engine, text]) => ({ text, at: `${predicate.at?.text ?? policy}.${engine}` }));
}

/** A predicate without the places where it is said. */
function wordsOf(predicate: Predicate): string {
  return JSON.stringify(predicate, (key, value: unknown) => (key === 'at' ? undefined : value));
}

function distinct(columns: readonly (string | undefined)[]): string[] {
  return [...new Set(columns.filter((column) => column !== undefined))];
}
