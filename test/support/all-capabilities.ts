import type { Capabilities } from '../../src/engine/capabilities.ts';

/** What a server of either engine can do that lacks nothing. */
export const allCapabilities = {
  securityPolicies: true,
  readOnlyContext: true,
  jsonTables: true,
  serialPlans: true,
  resetClearsContext: true,
  changeTracking: true,
} as const satisfies Capabilities;
