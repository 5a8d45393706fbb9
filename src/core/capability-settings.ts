/** Names of what a server can do beyond the common ground, each asked for somewhere. */
export const capabilityNames = ['securityPolicies', 'readOnlyContext', 'jsonTables', 'serialPlans'] as const;

/** One of them. */
export type CapabilityName = (typeof capabilityNames)[number];

/** What the configuration says instead of what is found, for each server. */
export type CapabilitySettings = { readonly [Name in CapabilityName]?: boolean };
