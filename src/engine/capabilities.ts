import { TenantryError, type ErrorCode } from '../core/errors.ts';
import { capabilityNames, type CapabilityName, type CapabilitySettings } from '../core/capability-settings.ts';
import type { Row, SqlSession } from '../core/session.ts';

/** What a server can do beyond the common ground, by name; never asked by the engine's name. */
export type Capabilities = Readonly<Record<CapabilityName, boolean>>;

/** What a server says of itself (`engine/server`). Editions and levels of compatibility are SQL Server's. */
export interface ServerFacts {
  readonly major: number | null;
  readonly edition: number | null;
  readonly compatibility: number | null;
  /** Whether nothing that a tenant runs has a parallel plan, as far as the login can see. */
  readonly serialPlans: boolean | null;
}

/** How an engine concludes from that to what a server can do. */
export type CapabilitiesOf = (facts: ServerFacts) => Capabilities;

/** What is missing where a capability is, and so keeps a database from being a shard, and what helps. */
const lacks: Readonly<Record<CapabilityName, { readonly what: string; readonly remedy: string }>> = {
  securityPolicies: { what: 'it has no security policies, which show each tenant its own rows', remedy: 'upgrade the server' },
  readOnlyContext: {
    what: 'it has no session context that a statement cannot change, which names the tenant',
    remedy: 'upgrade the server',
  },
  jsonTables: {
    what: 'it does not read lists from JSON (SQL Server: a compatibility level of 130 or more), as the own statements of Tenantry do',
    remedy: 'ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150',
  },
  serialPlans: {
    what: "tenants' statements may run in parallel plans, in which the tenant of the session was seen to be wrong after a reset: rows of another tenant could be shown",
    remedy:
      'ALTER DATABASE SCOPED CONFIGURATION SET MAXDOP = 1 (reports over many rows take longer); or start the server with trace flag 11042; or give the logins of app ' +
      'a Resource Governor group with MAX_DOP = 1, and say capabilities: { serialPlans: true }',
  },
};

/** A capability that is neither found nor claimed. */
interface MissingCapability {
  readonly name: CapabilityName;
  readonly what: string;
  readonly remedy: string;
}

/** What keeps a server from having shards; what the configuration says counts instead of what was found. */
export function missingCapabilities(found: Capabilities, settings: CapabilitySettings): readonly MissingCapability[] {
  return capabilityNames
    .filter((name) => !(settings[name] ?? found[name]))
    .map((name) => ({ name, what: lacks[name].what, remedy: lacks[name].remedy }));
}

/** What a server was found to be able to do. */
export async function detectCapabilities(session: SqlSession, capabilitiesOf: CapabilitiesOf): Promise<Capabilities> {
  const [facts] = (await session.run<Row & ServerFacts>('engine/server')).rows;
  if (facts === undefined) throw new TenantryError('INTERNAL', 'engine/server gave no row.');
  return capabilitiesOf(facts);
}

/**
 * Throws `code`, with everything that is missing, unless a server can do what tenants' rows are protected by. What the configuration
 * says counts instead of what was found; where it is wrong, the gate and the server's own errors still refuse.
 */
export async function requireCapabilities(
  session: SqlSession,
  capabilitiesOf: CapabilitiesOf,
  settings: CapabilitySettings,
  code: ErrorCode,
): Promise<void> {
  const missing = missingCapabilities(await detectCapabilities(session, capabilitiesOf), settings);
  if (missing.length === 0) return;
  const list = missing.map(({ name, what, remedy }) => `${what} (capabilities.${name}; ${remedy})`);
  throw new TenantryError(code, `The server cannot keep tenants apart: ${list.join('; ')}.`);
}
