import { contextChange } from './context-change.ts';
import { contextValues, contextValuesLeft } from './context-values.ts';
import { interrupted, pooledSession } from './pooled-session.ts';
import { locks } from './locks.ts';
import { noContext } from './no-context.ts';
import { oracles } from './oracles.ts';
import { policySwitch } from './policy-switch.ts';
import { principalSwitch } from './principal-switch.ts';
import { rowsOfAnother } from './cross-tenant.ts';
import { staleRouter } from './stale-router.ts';
import { statistics } from './statistics.ts';
import { valuesInErrors } from './values-in-errors.ts';

/** Every attack on a shard of SQL Server, by the words that test/security has for its groups. */
export const catalogue = {
  'no context': noContext,
  'rows of another tenant': rowsOfAnother,
  'changing the context': contextChange,
  'changing what a call brings': contextValues,
  'what a call has brought': contextValuesLeft,
  'becoming someone else': principalSwitch,
  'switching the policy off': policySwitch,
  oracles,
  statistics,
  'stale routers': staleRouter,
  locks,
  'pooled session': pooledSession,
  interrupted,
  'values in errors': valuesInErrors,
};
