import { z } from 'zod';
import type { SqlValue } from '../core/sql.ts';
import { engineNames } from './database-url.ts';
import { columnName, tableName } from './names.ts';
import { object, parsed } from './problems.ts';
import { suggest } from '../core/suggest.ts';

/** What a case does, by the key that says it. */
const caseForms = ['select', 'insert', 'upsert', 'update', 'delete', 'sql'] as const;

/** A row whose values may be parameters of a statement. */
type RowSetting = Readonly<Record<string, SqlValue>>;
/** Exactly one of them. */
export type ExpectationSetting =
  | 'allowed'
  | 'denied'
  | { readonly rows: readonly RowSetting[]; readonly ordered?: boolean | undefined }
  | { readonly count: number }
  | { readonly changed: number };

/** A case as it was read. */
export type CaseSetting = { readonly name: string; readonly as: unknown; readonly expect: ExpectationSetting } & (
  | { readonly select: string; readonly where: RowSetting }
  | { readonly insert: string; readonly values: readonly RowSetting[] }
  | { readonly upsert: string; readonly values: readonly RowSetting[] }
  | { readonly update: string; readonly set: RowSetting; readonly where: RowSetting }
  | { readonly delete: string; readonly where: RowSetting }
  | { readonly sql: Readonly<Record<string, string>> }
);

/** A name as a line of a report can show it. */
const shownName = z
  .string()
  .refine((name) => /^[^\p{Cc}\p{Cs}]{1,200}$/u.test(name) && name.trim() === name, 'must be 1 to 200 characters in one line');

const values = z.unknown().transform((given, context): SqlValue => {
  if (given === null || typeof given === 'string' || typeof given === 'boolean' || typeof given === 'bigint') return given;
  if (typeof given === 'number' && Number.isFinite(given)) return given;
  if (given instanceof Uint8Array || (given instanceof Date && !Number.isNaN(given.valueOf()))) return given;
  const json = typeof given === 'object' ? jsonOf(given) : undefined;
  if (json !== undefined) return json;
  context.addIssue({ code: 'custom', message: 'must be text, a number, true or false, null, a date, bytes, or what JSON has' });
  return z.NEVER;
});

const row = z.record(columnName, values);
const rows = z.array(row);
const oneOrMore = z
  .unknown()
  .transform((given, context) => parsed(rows.min(1, 'needs at least one row'), Array.isArray(given) ? given : [given], context));
const where = row.prefault({});

const count = z.int().min(0);
const outcomes = {
  allowed: z.literal('allowed'),
  denied: z.literal('denied'),
  rows: object({ rows }),
  'ordered rows': object({ rows, ordered: z.boolean().optional() }),
  count: object({ count }),
  changed: object({ changed: count }),
} as const;
type OutcomeName = keyof typeof outcomes;

/** By which key of an object it is told, and how a message shows it. */
const shapes: Readonly<Record<OutcomeName, { readonly key?: string; readonly shown: string }>> = {
  allowed: { shown: "'allowed'" },
  denied: { shown: "'denied'" },
  rows: { key: 'rows', shown: '{ rows: [...] }' },
  'ordered rows': { key: 'rows', shown: '{ rows: [...] }' },
  count: { key: 'count', shown: '{ count: 2 }' },
  changed: { key: 'changed', shown: '{ changed: 2 }' },
};

/** One of what may come of a case's form. */
function expectation(...names: readonly OutcomeName[]): z.ZodType<ExpectationSetting> {
  const shown = names.map((name) => shapes[name].shown);
  return z.unknown().transform((given, context): ExpectationSetting => {
    const keys = typeof given === 'object' && given !== null ? Object.keys(given) : [];
    const name = names.find((each) => each === given || keys.some((key) => key === shapes[each].key));
    if (name !== undefined) return parsed(outcomes[name] as z.ZodType<ExpectationSetting>, given, context);
    const word = given === undefined ? 'is missing: what must come of it is' : 'must be';
    context.addIssue({ code: 'custom', message: `${word} ${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}` });
    return z.NEVER;
  });
}

const common = { name: shownName, as: z.unknown() };
/** Whether it can be undone its engine says (`Rehearsals.objection`). */
const statement = z
  .string('must be a statement, or one for each engine: { postgres, mssql }')
  .transform((text) => text.trim().replace(/;$/, ''))
  .refine((text) => text !== '', 'must be a statement');
const ownStatement = object(Object.fromEntries(engineNames.map((engine) => [engine, statement.optional()])))
  .refine((texts) => Object.values(texts).some((text) => text !== undefined), 'needs the statement of one engine at least')
  .transform((texts) => Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)));
const forms = {
  select: object({ ...common, select: tableName, where, expect: expectation('rows', 'count', 'denied') }),
  insert: object({ ...common, insert: tableName, values: oneOrMore, expect: expectation('allowed', 'denied') }),
  upsert: object({ ...common, upsert: tableName, values: oneOrMore, expect: expectation('allowed', 'denied') }),
  update: object({
    ...common,
    update: tableName,
    set: row.refine((set) => Object.keys(set).length > 0, 'needs at least one column'),
    where,
    expect: expectation('allowed', 'denied', 'changed'),
  }),
  delete: object({ ...common, delete: tableName, where, expect: expectation('allowed', 'denied', 'changed') }),
  sql: object({
    ...common,
    sql: z.unknown().transform((given, context): Readonly<Record<string, string>> => {
      if (typeof given !== 'string') return parsed(ownStatement as z.ZodType<Record<string, string>>, given, context);
      const text = parsed(statement, given, context);
      return Object.fromEntries(engineNames.map((engine) => [engine, text]));
    }),
    expect: expectation('ordered rows', 'count', 'changed', 'denied'),
  }),
} satisfies Record<(typeof caseForms)[number], unknown>;

const policyCase = z.unknown().transform((given, context): CaseSetting => {
  const keys = typeof given === 'object' && given !== null ? Object.keys(given) : [];
  const said = caseForms.filter((form) => keys.includes(form));
  const [form] = said;
  if (form !== undefined && said.length === 1) return parsed(forms[form] as unknown as z.ZodType<CaseSetting>, given, context);
  const near = keys.map((key) => suggest(key, caseForms)).find((name) => name !== undefined);
  const hint = near === undefined || said.length > 1 ? '' : `; did you mean ${near}?`;
  const found = said.length > 1 ? `; it has ${said.join(' and ')}` : hint;
  context.addIssue({ code: 'custom', message: `must be a case, an object with one of ${caseForms.join(', ')}${found}` });
  return z.NEVER;
});

const nameOfTenant = z.string().regex(/^[A-Za-z][\w-]{0,39}$/, 'must be a name of 1 to 40 letters, digits, _ and -, a letter first');
const rowsByTable = z.record(tableName, rows);

/** Somebody, before it is known whether there are such a tenant and such values. */
export const actorSchema = object({
  principal: z.enum(['app', 'superuser', 'mover', 'admin']).default('app'),
  tenant: z.string().optional(),
  context: z.record(z.string(), z.unknown()).prefault({}),
});

/** A file of cases by its form; what it names is not looked for yet. */
export const policyTestsSchema = object({
  tenants: z
    .record(nameOfTenant, rowsByTable)
    .refine((tenants) => Object.keys(tenants).length > 0, 'needs a tenant: { acme: { Table: [{ Column: value }] } }')
    .refine((tenants) => Object.keys(tenants).length <= 2, 'has more than two tenants, the one who acts and another one'),
  shared: rowsByTable.prefault({}),
  actors: z.record(shownName, actorSchema).prefault({}),
  cases: z.array(policyCase).min(1, 'needs at least one case'),
});

/** A file of cases as it was read. */
export type PolicyTestsSetting = z.output<typeof policyTestsSchema>;

function jsonOf(given: object | null): string | undefined {
  try {
    return JSON.stringify(given);
  } catch {
    return undefined; // it holds itself, or a bigint: no column of JSON could
  }
}
