/** Every type of a sharding key, for command lines and configuration. */
export const keyTypes = ['int', 'bigint', 'uuid', 'string', 'bytes'] as const;

/** Type of a sharding key; a database has one of them. */
export type KeyType = (typeof keyTypes)[number];
