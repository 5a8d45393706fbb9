import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { engineNames, type EngineName } from './database-url.ts';
import { columnName, tableName } from './names.ts';
import { object, said } from './problems.ts';
import type { PolicyConfig, PredicateConfig, TenantryConfig } from './tenantry-config.ts';

/** A predicate whose files have been read. */
export type PredicateSetting =
  | Exclude<
      PredicateConfig,
      { readonly raw: unknown } | { readonly all: unknown } | { readonly any: unknown } | { readonly parent: unknown }
    >
  | { readonly parent: 'visible' | PredicateSetting }
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
  }),
  lookup: object({ lookup: tableName, key: columnName, is: valueName, gives: columnName, of: columnName }),
  role: object({ role: z.string().min(1, 'must be the name of a role'), in: valueName }),
  parent: object({ parent: z.union([z.literal('visible'), z.lazy(() => predicate)]) }),
  all: object({ all: some() }),
  any: object({ any: some() }),
  raw: object({
    raw: object(
      eachEngine(
        z
          .union([z.string().min(1), z.instanceof(URL)])
          .transform(textOfFile)
          .optional(),
      ),
    ),
    columns: z.array(columnName),
  }),
};

const predicate: z.ZodType<PredicateSetting, PredicateConfig> = z.unknown().transform((given, context) => {
  const form = typeof given === 'object' && given !== null ? formNames.find((name) => name in given) : undefined;
  if (form === undefined) {
    context.addIssue({ code: 'custom', message: `must be a predicate, an object with one of ${formNames.join(', ')}` });
    return z.NEVER;
  }
  const parsed: { readonly success: boolean; readonly data?: unknown; readonly error?: z.ZodError } = forms[form].safeParse(given, {
    error: said,
  });
  if (parsed.error === undefined) return parsed.data as PredicateSetting;
  for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
  return z.NEVER;
}) as z.ZodType<PredicateSetting, PredicateConfig>;

const formNames = Object.keys(forms) as (keyof typeof forms)[];

const policy: z.ZodType<PolicySetting, PolicyConfig> = object({
  on: z.union([tableName.transform((name) => [name]), z.array(tableName).min(1, 'needs at least one table')], {
    error: "must be a table's name, or a list of them",
  }),
  rows: predicate.optional(),
  read: predicate.optional(),
  write: predicate.optional(),
  insert: predicate.optional(),
  update: predicate.optional(),
  delete: predicate.optional(),
}).superRefine((given, context) => {
  const parts = policyParts.filter((part) => given[part] !== undefined);
  if (parts.length === 0) context.addIssue({ code: 'custom', message: 'says nothing; give rows, or read and write' });
  if (given.rows !== undefined && parts.length > 1)
    context.addIssue({
      code: 'custom',
      path: ['rows'],
      message: `is for every operation; it does not go with ${parts.slice(1).join(', ')}`,
    });
});

/** Policies by name, as written. */
export const policiesSchema: z.ZodType<Readonly<Record<string, PolicySetting>>, TenantryConfig['policies']> = z
  .record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/, 'must be a name of 1 to 40 letters and digits, a letter first'), policy)
  .prefault({});

function eachEngine<Schema>(schema: Schema): Record<EngineName, Schema> {
  return Object.fromEntries(engineNames.map((engine) => [engine, schema])) as Record<EngineName, Schema>;
}

/** What stands in a file of a predicate: one expression, without the semicolon that an editor may like to see behind it. */
function textOfFile(path: string | URL, context: z.RefinementCtx): string {
  try {
    const text = readFileSync(path, 'utf8').trim().replace(/;$/, '');
    if (text !== '') return text;
    context.addIssue({ code: 'custom', message: 'is a file without an expression' });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown cause';
    context.addIssue({ code: 'custom', message: `names a file that cannot be read (${code})` });
  }
  return z.NEVER;
}
