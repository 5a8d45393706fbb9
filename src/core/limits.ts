/** One row of the table of limits. */
interface LimitEntry {
  /** What holds where the configuration says nothing. */
  readonly default: number;
  /** The least and the most that a configuration may say. */
  readonly least: number;
  readonly most: number;
  readonly unit: 'bytes' | 'calls' | 'connections' | 'days' | 'milliseconds' | 'operations' | 'routes';
  /** What is bounded; one sentence. */
  readonly text: string;
}

const dayMs = 86_400_000;

/**
 * Every bound that a configuration may set (`limits` in it). Its schema, its types, what `tenantry init` writes and
 * `docs/limits.md` come from this table.
 */
const limitTable = {
  poolPerShard: {
    default: 10,
    least: 1,
    most: 1_000,
    unit: 'connections',
    text: 'Connections for calls that a process opens to one shard; it has one more to each shard in use, to look at it.',
  },
  connections: {
    default: 200,
    least: 1,
    most: 100_000,
    unit: 'connections',
    text: 'Connections for calls that a process opens to all shards together.',
  },
  perTenant: {
    default: 8,
    least: 1,
    most: 1_000,
    unit: 'calls',
    text: 'Statements and transactions of one tenant at once, in one process.',
  },
  connectTimeoutMs: {
    default: 5_000,
    least: 1,
    most: 120_000,
    unit: 'milliseconds',
    text: 'Time a server may take to let a connection in and to be checked. One that answers that its database is waking up is asked again for as long as a call waits.',
  },
  catalogTimeoutMs: {
    default: 5_000,
    least: 1,
    most: 120_000,
    unit: 'milliseconds',
    text: 'Time the catalog may take to say where a tenant is; a call that has less waits less. While the catalog answers that its database is waking up, a call waits for as long as it has.',
  },
  statementTimeoutMs: {
    default: 15_000,
    least: 1,
    most: dayMs,
    unit: 'milliseconds',
    text: 'Time a statement may take; a call may say otherwise.',
  },
  transactionTimeoutMs: {
    default: 60_000,
    least: 1,
    most: dayMs,
    unit: 'milliseconds',
    text: 'Time a transaction may take, from its entry to the end of its callback; it is rolled back then.',
  },
  adminStatementTimeoutMs: {
    default: 300_000,
    least: 1,
    most: dayMs,
    unit: 'milliseconds',
    text: 'Time a statement of `admin` may take on a shard: of a change of the shard map, a purge (1,000 rows each), a change of policies.',
  },
  adminLockTimeoutMs: {
    // Longer than PostgreSQL leaves such a transaction idle (10 s): there who waits outlasts a program that stands still.
    default: 12_000,
    least: 1,
    most: dayMs,
    unit: 'milliseconds',
    text: 'Time such a statement waits for what another transaction holds, such as one of a program that stands still. It is refused then (TIMEOUT), and may be repeated.',
  },
  changeProbeMs: {
    default: 10_000,
    least: 1,
    most: 600_000,
    unit: 'milliseconds',
    text: 'Time for which `policy apply` and `shard add` may try what the logins may before a change of policies is committed: tenants wait for the changed tables meanwhile. The change is undone then (TIMEOUT).',
  },
  answerBytes: {
    default: 16_777_216,
    least: 1_024,
    most: 1_073_741_824,
    unit: 'bytes',
    text: 'Size of the answer of a statement that is no stream, and of one row of a stream; each row counts 64 bytes more than it has.',
  },
  waitMs: {
    default: 5_000,
    least: 0,
    most: 600_000,
    unit: 'milliseconds',
    text: "Time a call waits for a connection, for its tenant's turn or for a moving tenant before it is refused.",
  },
  idleMs: {
    default: 30_000,
    least: 100,
    most: dayMs,
    unit: 'milliseconds',
    text: 'Time after which a connection that nobody used is closed, at the latest after twice as long.',
  },
  protectionSweepMs: {
    default: 60_000,
    least: 1_000,
    most: dayMs,
    unit: 'milliseconds',
    text: 'Time after which a process compares all that protects a shard with what was accepted, again and again, also where nothing is seen to have changed; up to a tenth sooner.',
  },
  unwatchedMs: {
    default: 30_000,
    least: 5_000,
    most: dayMs,
    unit: 'milliseconds',
    text: 'Time for which the connections to a shard are used on although no look at what protects it is answered; each is opened and checked anew then.',
  },
  cachedTenants: {
    default: 1_000_000,
    least: 1,
    most: 10_000_000,
    unit: 'routes',
    text: 'Routes a process remembers.',
  },
  bodyBytes: { default: 1_048_576, least: 1, most: 1_073_741_824, unit: 'bytes', text: "Size of a request's body." },
  drainMs: {
    default: 10_000,
    least: 0,
    most: 600_000,
    unit: 'milliseconds',
    text: 'Time that calls have to finish when a process ends, and transactions when their mapping goes offline.',
  },
  operationsKept: {
    default: 100_000,
    least: 1,
    most: 10_000_000,
    unit: 'operations',
    text: "Changes of the shard map that the catalog's log keeps after they have ended.",
  },
  operationDays: {
    default: 90,
    least: 1,
    most: 3_650,
    unit: 'days',
    text: "Time for which the catalog's log keeps a change of the shard map after it has ended.",
  },
} as const satisfies Record<string, LimitEntry>;

/** The name of a limit, as a configuration has it. */
export type LimitName = keyof typeof limitTable;

/** Every limit with its value; units are those of the table. */
export type Limits = { readonly [Name in LimitName]: number };

/** What holds where a configuration says nothing. */
export const defaultLimits: Limits = eachLimit(({ default: value }) => value);

/** Something for each limit, under its name. */
export function eachLimit<T>(make: (entry: LimitEntry, name: string) => T): { readonly [Name in LimitName]: T } {
  const made = Object.entries<LimitEntry>(limitTable).map(([name, entry]) => [name, make(entry, name)]);
  return Object.fromEntries(made) as { readonly [Name in LimitName]: T };
}
