import { z } from 'zod';
import { isContextValue } from '../core/context-values.ts';
import { engineNames, type EngineName } from './database-url.ts';
import { columnName, tableName } from './names.ts';
import { expressionOfFile } from './predicate-file.ts';
import { object, parsed } from './problems.ts';
import { suggest } from '../core/suggest.ts';
import type { PolicyConfig, PredicateConfig } from './policy-config.ts';
import type { TenantryConfig } from './tenantry-config.ts';

/** A predicate whose files have been read. */
export type PredicateSetting =
  | Exclude<
      PredicateConfig,
      { readonly raw: unknown } | { readonly all: unknown } | { readonly any: unknown } | { readonly parent: unknown }
    >
  | { readonly parent: 'visible' | PredicateSetting; readonly few?: boolean | undefined }
  | { readonly all: readonly PredicateSetting[] }
  | { readonly any: readonly PredicateSetting[] }
  | { readonly raw: { readonly [Engine in EngineName]?: string | undefined }; readonly columns: readonly string[] };

/** What a policy may say something of, in the order of its messages. */
export const policyParts = ['rows', 'read', 'write', 'insert', 'update', 'delete'] as const;

/** A policy as it was read. */
export type PolicySetting = { readonly on: readonly string[] } & {
  readonly [Part in (typeof policyParts)[number]]?: PredicateSetting | undefined;
};

const valueName = z.string().min(1, "must be the name of a value of 'context'");
const roleName = z
  .string()
  .refine((role) => isContextValue('string', role), 'must be the name of a role, a text that a value of a call can be');
const few = z.boolean().optional();
const some = () => z.array(z.lazy(() => predicate)).min(1, 'needs at least one predicate');

/** Every form by the key that tells it from the others. */
const forms = {
  owner: object({ owner: columnName, is: valueName }),
  permission: object({
    permission: tableName,
    user: columnName,
    is: valueName,
    resource: columnName,
    of: columnName,
    access: columnName.optional(),
    few,
  }),
  lookup: object({ lookup: tableName, key: columnName, is: valueName, gives: columnName, of: columnName, few }),
  role: object({ role: roleName, in: valueName }),
  parent: object({
    parent: z.unknown().transform((given, context) => (given === 'visible' ? given : predicateOf(given, "'visible', or ", context))),
    few,
  }),
  all: object({ all: some() }),
  any: object({ any: some() }),
  raw: object({
    raw: object(eachEngine(z.unknown().transform(expressionOfFile).optional())),
    columns: z.array(columnName),
  }),
};

const formNames = Object.keys(forms) as (keyof typeof forms)[];

const predicate = z.unknown().transform((given, context) => predicateOf(given, '', context)) as z.ZodType<
  PredicateSetting,
  PredicateConfig
>;

/** `others` is what may stand here instead, for the message. */
function predicateOf(given: unknown, others: string, context: z.RefinementCtx): PredicateSetting {
  const keys = typeof given === 'object' && given !== null ? Object.keys(given) : [];
  const form = formNames.find((name) => keys.includes(name));
  if (form !== undefined) return parsed(forms[form] as z.ZodType<PredicateSetting>, given, context);
  const near = keys.map((key) => suggest(key, formNames)).find((name) => name !== undefined);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  context.addIssue({ code: 'custom', message: `must be ${others}a predicate, an object with one of ${formNames.join(', ')}${hint}` });
  return z.NEVER;
}

/** Of what no server would take, and of a predicate that holds itself there is no end. */
const mostNested = 16;

/** A predicate with none too deep in it. */
const policyPart = z
  .unknown()
  .superRefine((given, context) => {
    if (isDeeper(given, mostNested))
      context.addIssue({ code: 'custom', message: `holds predicates in one another, more than ${mostNested} deep`, continue: false });
  })
  .pipe(predicate)
  .optional();

function isDeeper(given: unknown, most: number): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const within = ['all', 'any', 'parent'].flatMap((key) => (given as Readonly<Record<string, unknown>>)[key] ?? []);
  return within.length > 0 && (most === 0 || within.some((part) => isDeeper(part, most - 1)));
}

const tableNames = z.array(tableName).min(1, 'needs at least one table');
const tableNameOrNames = z.string("must be a table's name, or a list of them").pipe(tableName);

const policy = object({
  on: z
    .unknown()
    .transform((given, context) =>
      Array.isArray(given) ? parsed(tableNames, given, context) : [parsed(tableNameOrNames, given, context)],
    ),
  rows: policyPart,
  read: policyPart,
  write: policyPart,
  insert: policyPart,
  update: policyPart,
  delete: policyPart,
}).superRefine((given, context) => {
  const parts = policyParts.filter((part) => given[part] !== undefined);
  if (parts.length === 0) context.addIssue({ code: 'custom', message: 'says nothing; give rows, or read and write' });
  if (given.rows !== undefined && parts.length > 1)
    context.addIssue({
      code: 'custom',
      path: ['rows'],
      message: `is for every operation; it does not go with ${parts.slice(1).join(', ')}`,
    });
}) as z.ZodType<PolicySetting, PolicyConfig>;

/** Policies by name, as written. */
export const policiesSchema: z.ZodType<Readonly<Record<string, PolicySetting>>, TenantryConfig['policies']> = z
  .record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/, 'must be a name of 1 to 40 letters and digits, a letter first'), policy)
  .prefault({});

function eachEngine<Schema>(schema: Schema): Record<EngineName, Schema> {
  return Object.fromEntries(engineNames.map((engine) => [engine, schema])) as Record<EngineName, Schema>;
}
