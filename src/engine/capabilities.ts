import { TenantryError, type ErrorCode } from '../core/errors.ts';
import type { CapabilityName, CapabilitySettings } from '../core/capability-settings.ts';
import type { Row, SqlSession } from '../core/session.ts';

/** What a server can do beyond the common ground, by name; never asked by the engine's name. */
export type Capabilities = Readonly<Record<CapabilityName, boolean>>;

/** What a server says of itself (`engine/server`). Editions and levels of compatibility are SQL Server's. */
export interface ServerFacts {
  readonly major: number | null;
  readonly edition: number | null;
  readonly compatibility: number | null;
}

/** How an engine concludes from that to what a server can do. */
export type CapabilitiesOf = (facts: ServerFacts) => Capabilities;

/** What is missing where a capability is, and so keeps a database from being a shard. */
const lacks: Readonly<Record<CapabilityName, string>> = {
  securityPolicies: 'it has no security policies, which show each tenant its own rows',
  readOnlyContext: 'it has no session context that a statement cannot change, which names the tenant',
  jsonTables: 'it does not read lists from JSON (SQL Server: a compatibility level of 130 or more), as the own statements of Tenantry do',
};

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
  const found = { ...(await detectCapabilities(session, capabilitiesOf)), ...settings };
  const missing = (Object.keys(lacks) as CapabilityName[]).filter((name) => !found[name]);
  if (missing.length === 0) return;
  const list = missing.map((name) => `${lacks[name]} (capabilities.${name})`);
  throw new TenantryError(code, `The server cannot keep tenants apart: ${list.join('; ')}.`);
}
