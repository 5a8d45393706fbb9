import type { SqlDatabase } from '../../src/core/session.ts';
import { applyPolicies, previewPolicies, type PolicyRequest } from '../../src/policy/apply.ts';
import { unacceptedLeaks } from '../../src/policy/leaks.ts';
import type { PolicyResult } from '../../src/policy/model.ts';
import type { PolicyEngine } from '../../src/policy/policy-engine.ts';

/** After the tests. */
const untilMs = Date.UTC(2100, 0, 1);

/** Applies policies where tests have made what leaks: each leak is accepted for a while, by its name. */
export async function applyDespiteLeaks(shard: SqlDatabase, engine: PolicyEngine, request: PolicyRequest): Promise<PolicyResult> {
  const { warnings } = await previewPolicies(shard, engine, request);
  const drift = unacceptedLeaks(warnings).flatMap(({ drift: object }) =>
    object === undefined ? [] : [{ object, reason: 'tests', untilMs }],
  );
  return applyPolicies(shard, engine, { ...request, accepting: { ...request.accepting, drift } });
}
