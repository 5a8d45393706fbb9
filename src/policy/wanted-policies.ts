import type { CapabilitySettings } from '../core/capability-settings.ts';
import type { KeyType } from '../core/key-type.ts';
import type { Login, PrincipalName } from '../core/principal.ts';
import type { Procedure } from '../core/procedure.ts';
import type { Accepting } from './acceptance.ts';
import { qualifiedProcedures } from '../engine/qualified-procedures.ts';
import { qualifiedTables } from '../engine/qualified-tables.ts';
import type { ConfiguredTable, ShardTables } from './model.ts';
import type { PolicyEngine } from './policy-engine.ts';

/** The users of the configured logins. */
export type LoginUsers = Readonly<Record<PrincipalName, Pick<Login, 'user'>>>;

/** Which policies a shard must have. */
export interface WantedPolicies {
  readonly tables: readonly ConfiguredTable[];
  /** What app may call. */
  readonly procedures: readonly Procedure[];
  /** Key type of the shard map. */
  readonly keyType: KeyType;
  /** What the configuration says that the server can do, instead of what is found. */
  readonly capabilities?: CapabilitySettings;
  /** By whom what protects the shard is accepted, and what may stay as it is, until its time is over by the shard's clock. */
  readonly accepting: Accepting;
  /** Who is a member of their groups besides them is told; undefined: nobody looks. */
  readonly logins?: LoginUsers | undefined;
}

/** Where the tables and procedures are in a database of the engine. Throws INVALID_CONFIGURATION for one that is named twice. */
export function located({ dialect }: Pick<PolicyEngine, 'dialect'>, { tables, procedures, keyType }: WantedPolicies): ShardTables {
  return { tables: qualifiedTables(tables, dialect), procedures: qualifiedProcedures(procedures, dialect), keyType };
}
