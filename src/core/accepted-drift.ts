/** Something on a shard that is not as the configuration, or what was accepted, has it, and may stay so for a while. */
export interface AcceptedDrift {
  /**
   * As `policy apply` and `doctor` name it: `public.Blogs: rights of tenantry_mover`, an item of a configured table; or `view
   * public.totals`, an object that has a part in what tenants can see or do.
   */
  readonly object: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
}

/** What of a table may stay as it is: nothing by which a tenant could come to another's rows, or do what he may not. */
const acceptable = /^(rights of tenantry_(superuser|mover)( on .+)?|default)$/;

/** Kinds of objects that are there besides what Tenantry makes; of all else in the fingerprint something always is. */
const kinds = [
  'view',
  'materialized view',
  'table',
  'sequence',
  'function',
  'procedure',
  'synonym',
  'queue',
  'trigger',
  'rule',
  'foreign key',
  'unique key',
  'call',
  'cast',
  'operator',
  'operator class',
  'operator family',
  'access method',
  'type',
  'collation',
  'conversion',
  'transform',
  'text search',
  'settings',
  'rights',
  'foreign server',
  'assembly',
  'parameter',
] as const;

// `operator classes the server's own` is no operator of the name `classes`.
const ofKind = new RegExp(`^(?!\\w+( \\w+)? the server's own$)(${kinds.join('|')}) (?!(tenantry|tenantry_watch)\\.)\\S`);

/** Why an object can be no accepted drift, as the end of a sentence; undefined where it can. */
export function driftProblem(object: string): string | undefined {
  const item = itemOf(object);
  if (item === undefined)
    return ofKind.test(object)
      ? undefined
      : `must be an object as policy apply and doctor name it, such as public.Blogs: default, or view public.totals; by itself it may be a ${kinds.join(', ')}, none of Tenantry's own`;
  if (!/^[^.]+\.[^.]/.test(object)) return 'must name the table with its schema, such as public.Blogs: default';
  if (acceptable.test(item)) return undefined;
  return `names ${item}, which keeps the rows of tenants apart or is needed for that: no drift of it is accepted; of a table the default may be, and rights of tenantry_superuser and tenantry_mover`;
}

/** The item, where an object is one of a configured table: `table: item`. */
function itemOf(object: string): string | undefined {
  const at = object.lastIndexOf(': ');
  return at === -1 ? undefined : object.slice(at + 2);
}

/** How a drift of an item of a table is named. */
export function driftOfItem(table: string, item: string): string {
  return `${table}: ${item}`;
}

/** Whether a drift is of an object of the fingerprint, not of an item of a configured table. */
export function isOfFingerprint({ object }: Pick<AcceptedDrift, 'object'>): boolean {
  return itemOf(object) === undefined;
}
