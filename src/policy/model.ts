import type { AcceptedDrift } from '../core/accepted-drift.ts';
import type { KeyType } from '../core/key-type.ts';
import type { RowPolicy } from '../core/predicate.ts';
import type { LocatedProcedure } from '../engine/qualified-procedures.ts';
import type { FindingCode } from './finding-catalogue.ts';
import type { FindingSeverity } from './finding-kinds/finding-kind.ts';

/** A table as the configuration names it; without a tenant column it is a reference table. */
export interface ConfiguredTable {
  /** As the configuration calls it, for places in it; undefined: by its table's name alone. */
  readonly name?: string;
  /** Undefined: the engine's default schema. */
  readonly schema?: string;
  readonly table: string;
  readonly tenantColumn?: string;
  /** Besides the tenant's. */
  readonly policies?: readonly RowPolicy[];
  /** The configuration's own words for them; kept on the shard. */
  readonly model?: string;
  /** Values of a made-up row, by column, where one must be of a kind that cannot be guessed. */
  readonly sample?: Readonly<Record<string, string | number | boolean | null>>;
}

/** A configured table on a shard. */
export type LocatedTable = ConfiguredTable & { readonly schema: string };

/** The configured tables of a shard, whose tenants have keys of one type, and what is called there. */
export interface ShardTables {
  readonly tables: readonly LocatedTable[];
  /** Procedures that app may call. */
  readonly procedures: readonly LocatedProcedure[];
  readonly keyType: KeyType;
}

/** A table or procedure of a shard. */
export interface NamedSubject {
  readonly of: 'table' | 'procedure';
  /** `schema.table` or `schema.procedure`. */
  readonly object: string;
}

/** A shard as a whole, by what was accepted of it, whatever that is of. */
export interface WholeShard {
  readonly of: 'shard';
  /** It has no name of its own here. */
  readonly object: null;
}

/** What is compared. */
export type PolicySubject = NamedSubject | WholeShard;

interface ChangedItem {
  /** `row security`, `policy tenantry_tenant`, `rights of tenantry_app`... */
  readonly item: string;
  /** What it says now; null: it is not there. */
  readonly before: string | null;
  /** What it will say; null: it will not be there. */
  readonly after: string | null;
  /** The exact statements, in order. */
  readonly statements: readonly string[];
}

/** Something that is set or removed. */
type SetChange = NamedSubject & ChangedItem & { readonly kind: 'set' };

/** What is signed, which no statement says: something is accepted as it is, or what was accepted is so until another time. */
export type SignedChange = WholeShard & ChangedItem & { readonly kind: 'accept' | 'renew' };

/** One difference between what protects a shard's tables and what must, or was accepted. */
export type PolicyChange = SetChange | SignedChange;

/** Something that the policies cannot mend by themselves. */
export interface PolicyFinding {
  /** docs/policy-findings.md has each. */
  readonly code: FindingCode;
  readonly severity: FindingSeverity;
  /** `schema.name` of a table, view or function. */
  readonly object: string;
  /** One sentence. */
  readonly text: string;
  /** A statement that mends it. */
  readonly remedy?: string;
  /** What to change, where no statement does it alone. */
  readonly advice?: string;
  /** Of a leak: what an entry of `drift` has for its `object` that accepts it. */
  readonly drift?: string;
  /** Of a leak that the configuration accepts for a while: until when, as ISO 8601. */
  readonly acceptedUntil?: string;
}

/** What `policy apply` did, or would do, on one shard. */
export interface PolicyResult {
  /** Empty: everything was as it must be. */
  readonly changes: readonly PolicyChange[];
  readonly warnings: readonly PolicyFinding[];
  /** False after a dry run with changes pending. */
  readonly applied: boolean;
  /** A digest of what was found: the same as long as nobody changes any of it. */
  readonly state: string;
  /** What stays as it is for a while, as the configuration says. */
  readonly drift: readonly AcceptedDrift[];
}

/** What was planned for a shard: nothing else is to be done. */
export type PlannedChange = Pick<PolicyResult, 'changes' | 'state'>;
