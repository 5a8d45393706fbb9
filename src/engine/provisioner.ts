import type { ContextProtection } from '../core/context-protection.ts';
import type { Login, PrincipalName } from '../core/principal.ts';
import type { Procedure } from '../core/procedure.ts';
import type { Sql } from '../core/sql.ts';

/** What a shard's server and database are prepared for. */
export interface ProvisionRequest {
  /** One login for each principal, no two the same. */
  readonly logins: Readonly<Record<PrincipalName, Login>>;
  readonly contextProtection: ContextProtection;
  /** The admin group gets what it takes to put policies on tables that are there already: on PostgreSQL, only their owner can. */
  readonly tables: readonly { readonly schema?: string; readonly table: string }[];
  /** The admin group gets what it takes to let app call procedures that are there already. */
  readonly procedures: readonly Procedure[];
}

/** The part of an engine that knows what only the administrator of a server may do for Tenantry: roles, logins, rights. */
export interface Provisioner {
  /**
   * Statements to run in order, in one transaction, in the shard's database as the server's administrator. Running
   * them again changes nothing but passwords. Throws INVALID_CONFIGURATION for logins that cannot be.
   */
  provision(request: ProvisionRequest): readonly Sql[];
  /** The same as one script, all of it or nothing, for an administrator to read, complete with the passwords, and run there. */
  script(request: ProvisionRequest): string;
}
