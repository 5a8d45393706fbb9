import { TenantryError } from '../core/errors.ts';
import type { SqlSession } from '../core/session.ts';
import { suggest } from '../core/suggest.ts';
import { principalGroups, principals } from '../engine/principal-logins.ts';
import { findingCatalogue, isFindingCode } from './finding-catalogue.ts';
import type { FindingKind } from './finding-kinds/finding-kind.ts';
import type { LocatedTable, PolicyFinding, ShardTables } from './model.ts';
import type { ProbeFinding } from './probes/probe.ts';
import type { LoginUsers } from './wanted-policies.ts';
import { openTables, predicateUses, wordFindings } from './predicate-lint.ts';
import { predicateNeeds } from './predicate-needs.ts';

/** Something that is found on a shard, before it is worded. */
interface FoundRow extends Record<string, unknown> {
  /** Null for what is in none, such as a role. */
  readonly schema: string | null;
  readonly table: string;
  readonly detail: string | null;
  readonly remedy: string | null;
  /** What an entry of `drift` names that accepts it; null, or not there, where none does. */
  readonly drift?: string | null;
}

interface FoundProblem extends FoundRow {
  readonly problem: string;
}

/** `at` is a place in the configuration. */
interface FoundByPredicate extends FoundProblem {
  readonly at: string;
  /** Of the table, where it has no such column. */
  readonly columns: readonly { readonly name: string }[] | null;
}

/** What may leave something in a session. */
interface SessionCode extends Record<string, unknown> {
  readonly schema: string;
  readonly function: string;
  readonly warning: string;
  readonly remedy: string | null;
}

/** What is said of a finding behind its text. */
export function whatHelps({ remedy, advice }: { readonly remedy?: string | undefined; readonly advice?: string | undefined }): string {
  if (remedy !== undefined) return `; run: ${remedy};`;
  return advice === undefined ? '' : `; what helps: ${advice}`;
}

/** Every reason why the configured tables cannot be routed as they are, or asked what their policies ask. */
export async function tableProblems(session: SqlSession, { tables, keyType }: ShardTables): Promise<PolicyFinding[]> {
  const { rows } = await session.run<FoundProblem>('policy/problems', { tables: JSON.stringify(tables), keyType });
  return [...rows.map((row) => finding(row.problem, row)), ...(await predicateProblems(session, tables))];
}

/** Functions with which no table is kept apart, whichever they are for, and those that could become one. */
export async function functionProblems(session: SqlSession, { tables, procedures }: ShardTables): Promise<PolicyFinding[]> {
  const places = procedures.map(({ schema, routine }) => ({ schema, routine }));
  const parameters = { tables: JSON.stringify(tables), procedures: JSON.stringify(places) };
  const { rows } = await session.run<FoundProblem>('policy/immutable-functions', parameters);
  return rows.map((row) => finding(row.problem, row));
}

async function predicateProblems(session: SqlSession, tables: readonly LocatedTable[]): Promise<PolicyFinding[]> {
  const needs = predicateNeeds(tables);
  if (needs.length === 0) return [];
  const { rows } = await session.run<FoundByPredicate>('policy/predicate-problems', { needs: JSON.stringify(needs) });
  return rows.map((row) => finding(row.problem, row, row.at, row.columns === null ? '' : hint(row.detail ?? '', row.columns)));
}

/** What was probably meant by the name of a column. */
function hint(name: string, columns: readonly { readonly name: string }[]): string {
  const names = columns.map((column) => column.name);
  const near = suggest(name, names);
  return near === undefined ? `; it has ${names.join(', ')}` : `; did you mean ${near}?`;
}

/** What may undo the protection of the tables, or cannot be done with them. */
export async function warningsOf(session: SqlSession, tables: readonly LocatedTable[]): Promise<PolicyFinding[]> {
  const { rows } = await session.run<FoundRow & { warning: string }>('policy/warnings', { tables: JSON.stringify(tables) });
  const code = await session.run<SessionCode>('policy/session-code');
  return [
    ...rows.map((row) => finding(row.warning, row)),
    ...(await predicateWarnings(session, tables)),
    ...code.rows.map(({ schema, function: table, warning, remedy }) => finding(warning, { schema, table, detail: null, remedy })),
  ];
}

interface GroupMember extends Record<string, unknown> {
  readonly role: string;
  readonly member: string;
  readonly remedy: string;
}

/** Who has the rights of the groups that see all tenants, or of the logins, besides these logins. */
export async function memberWarnings(session: SqlSession, logins: LoginUsers): Promise<PolicyFinding[]> {
  const users = principals.map((principal) => ({ user: logins[principal].user, group: principalGroups[principal] }));
  const { rows } = await session.run<GroupMember>('policy/group-members', { logins: JSON.stringify(users) });
  return rows.map(({ role: table, member: detail, remedy }) => finding('group-member', { schema: null, table, detail, remedy }));
}

async function predicateWarnings(session: SqlSession, tables: readonly LocatedTable[]): Promise<PolicyFinding[]> {
  const words = wordFindings(tables).map(({ code, schema, table, detail, at }) =>
    finding(code, { schema, table, detail, remedy: null }, at),
  );
  const uses = predicateUses(tables);
  if (uses.length === 0) return words;
  const { rows } = await session.run<FoundRow & { warning: string; at: string }>('policy/predicate-warnings', {
    needs: JSON.stringify(uses),
    tables: JSON.stringify(openTables(tables)),
  });
  return [...rows.map((row) => finding(row.warning, row, row.at)), ...words];
}

/** What could not be tried on a table, as a warning. */
export function unprovenFinding({ table: object, probe, text }: ProbeFinding): PolicyFinding {
  const { severity, say }: FindingKind = findingCatalogue.unproven;
  return { code: 'unproven', severity, object, text: say(`${probe}: ${text}`, '') };
}

/** A finding in words, by its code. */
export function finding(code: string, { schema, table, detail, remedy, drift = null }: FoundRow, at = '', more = ''): PolicyFinding {
  if (!isFindingCode(code)) throw new TenantryError('INTERNAL', `The policy queries found ${code}, which has no text.`);
  const { severity, say, advise }: FindingKind = findingCatalogue[code];
  const object = schema === null ? table : `${schema}.${table}`;
  const found = { code, severity, object, text: `${say(detail ?? '', at)}${more}`, ...(drift === null ? {} : { drift }) };
  if (remedy !== null) return { ...found, remedy };
  return advise === undefined ? found : { ...found, advice: advise(object, detail ?? '') };
}
