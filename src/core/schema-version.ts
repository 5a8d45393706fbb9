/**
 * The versions of the schemas in `sql/<engine>/schema` that this program works with, and no other
 * (docs/decisions/013-schema-versions.md): raised with every change of those files.
 */
export const schemaVersions = { catalog: 3, shard: 3 } as const;

type SchemaKind = keyof typeof schemaVersions;

/** That a schema is of another version, with what to do: a sentence. `subject` is what has it: "The schema of shard a". */
export function otherVersion(subject: string, kind: SchemaKind, found: number | undefined): string {
  const wanted = schemaVersions[kind];
  return `${subject} has version ${found ?? 'unknown'}; this program works with version ${wanted}: ${otherVersionAdvice(kind, found)}.`;
}

/** What to do where a schema is of another version: nothing changes one that is there. */
export function otherVersionAdvice(kind: SchemaKind, found = 0): string {
  return `go on with the version of Tenantry that made it${found > schemaVersions[kind] ? ', or a later one' : ''}`;
}
