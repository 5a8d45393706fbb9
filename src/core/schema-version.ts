/** The versions of the schemas in `sql/<engine>/schema` that this program works with, and no other (docs/decisions/013-schema-versions.md). */
export const schemaVersions = { catalog: 1, shard: 2 } as const;
