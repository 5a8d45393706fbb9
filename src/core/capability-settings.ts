/** What a server must be able to do for a database of it to be a shard. */
export const requiredCapabilities = ['securityPolicies', 'readOnlyContext', 'jsonTables', 'serialPlans'] as const;

/** What Tenantry does without, in another way or not at all, where a server cannot do it. */
export const dispensableCapabilities = ['resetClearsContext', 'changeTracking'] as const;

/** Names of what a server can do beyond the common ground, each asked for somewhere. */
export const capabilityNames = [...requiredCapabilities, ...dispensableCapabilities] as const;

/** One that a shard cannot be without. */
export type RequiredCapability = (typeof requiredCapabilities)[number];

/** One that a shard can be without. */
export type DispensableCapability = (typeof dispensableCapabilities)[number];

/** One of them all. */
export type CapabilityName = (typeof capabilityNames)[number];

/** What the configuration says instead of what is found, for each server. */
export type CapabilitySettings = { readonly [Name in CapabilityName]?: boolean };
