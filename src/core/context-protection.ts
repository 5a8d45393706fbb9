/** How a shard keeps the tenant of a transaction from being changed by the tenant's own SQL: `guarded`, or `plain`: not at all. */
export type ContextProtection = 'guarded' | 'plain';
