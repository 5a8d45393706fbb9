import { contextSchema } from './context-schema.ts';
import { checkPolicies } from './policy-checks.ts';
import type { PolicyModel } from './policy-model.ts';
import { policiesSchema } from './policy-schema.ts';
import { object } from './problems.ts';
import { withPolicies } from './row-policies.ts';
import type { TableSettings } from './settings.ts';
import { tablesSchema } from './tables-schema.ts';

/** The tables of a model as a whole configuration's are, or the first two steps to each problem of it: `policies`, and the policy's name. */
export type ReadModel = { readonly tables: readonly TableSettings[] } | { readonly problems: readonly (readonly string[])[] };

/** Reads a model that may be anybody's words. */
export function readPolicyModel(model: PolicyModel): ReadModel {
  if (Object.keys(model.tables).length === 0) return { tables: [] };
  const read = schema.safeParse(model);
  if (read.error !== undefined) return { problems: read.error.issues.map(({ path }) => path.slice(0, 2).map(String)) };
  return { tables: read.data };
}

const schema = object({ context: contextSchema, tables: tablesSchema, policies: policiesSchema })
  .superRefine((parts, context) => checkPolicies(parts, (path, message) => context.addIssue({ code: 'custom', path: [...path], message })))
  .transform(withPolicies);
