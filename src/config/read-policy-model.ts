import { contextSchema } from './context-schema.ts';
import { checkPolicies } from './policy-checks.ts';
import type { PolicyModel } from './policy-model.ts';
import { policiesSchema } from './policy-schema.ts';
import { object } from './problems.ts';
import { withPolicies } from './row-policies.ts';
import type { TableSettings } from './settings.ts';
import { anyTablesSchema } from './tables-schema.ts';

/**
 * The tables of a model as a whole configuration's are, or the first two steps to each problem of it: `policies`, and the policy's name.
 */
export type ReadModel = { readonly tables: readonly TableSettings[] } | { readonly problems: readonly (readonly string[])[] };

/** Reads a model that may be anybody's words. */
export function readPolicyModel(model: PolicyModel): ReadModel {
  const read = fields.safeParse(model);
  if (read.error !== undefined) return { problems: read.error.issues.map(({ path }) => stepsTo(path)) };
  const problems: string[][] = [];
  checkPolicies(read.data, (path) => problems.push(stepsTo(path)));
  return problems.length > 0 ? { problems } : { tables: withPolicies(read.data) };
}

const fields = object({ context: contextSchema, tables: anyTablesSchema, policies: policiesSchema });

function stepsTo(path: readonly PropertyKey[]): string[] {
  return path.slice(0, 2).map(String);
}
