import { TenantryError, type ErrorCode } from '../core/errors.ts';
import {
  dispensableCapabilities,
  requiredCapabilities,
  type CapabilityName,
  type CapabilitySettings,
  type DispensableCapability,
  type RequiredCapability,
} from '../core/capability-settings.ts';
import { helpText, type Help } from '../core/help.ts';
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
  /** Whether what moves of tenants read their changes from is there. */
  readonly changeTracking: boolean | null;
}

/** How an engine concludes from that to what a server can do. */
export type CapabilitiesOf = (facts: ServerFacts) => Capabilities;

/** What is missing where a capability is, and what helps. */
interface Lack {
  readonly what: string;
  readonly help: Help;
}

/** What keeps a database from being a shard. */
const prevents: Readonly<Record<RequiredCapability, Lack>> = {
  securityPolicies: { what: 'it has no security policies, which show each tenant its own rows', help: { advice: 'upgrade the server' } },
  readOnlyContext: {
    what: 'it has no session context that a statement cannot change, which names the tenant',
    help: { advice: 'upgrade the server' },
  },
  jsonTables: {
    what: 'it does not read lists from JSON (SQL Server: a compatibility level of 130 or more), as the own statements of Tenantry do',
    help: { remedy: 'ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150' },
  },
  serialPlans: {
    what: "tenants' statements may run in parallel plans, in which the tenant of the session was seen to be wrong after a reset: rows of another tenant could be shown",
    help: {
      remedy: 'ALTER DATABASE SCOPED CONFIGURATION SET MAXDOP = 1',
      advice:
        'reports over many rows take longer then; or start the server with trace flag 11042; or give the logins of app ' +
        'a Resource Governor group with MAX_DOP = 1, and say capabilities: { serialPlans: true }',
    },
  },
};

/** What goes another way, or not at all. */
const costs: Readonly<Record<DispensableCapability, Lack>> = {
  resetClearsContext: {
    what: 'Its version is none of which a reset is known to clear the tenant of a connection: each connection serves one use, and every call waits for a login',
    help: { advice: 'upgrade the server; or say capabilities: { resetClearsContext: true }, or false, where it is known' },
  },
  changeTracking: {
    what: 'Change tracking is off: tenants cannot be moved from here while they work',
    help: {
      remedy: 'ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 3 DAYS, AUTO_CLEANUP = ON)',
      advice:
        'then run tenantry policy apply, which has it on for the tables; ' +
        'or say capabilities: { changeTracking: false } where no tenant is to be moved',
    },
  },
};

/** A capability that is neither found nor claimed, and keeps a server from having shards. */
interface MissingCapability extends Lack {
  readonly name: RequiredCapability;
}

/** What keeps a server from having shards; what the configuration says counts instead of what was found. */
export function missingCapabilities(found: Capabilities, settings: CapabilitySettings): readonly MissingCapability[] {
  return requiredCapabilities
    .filter((name) => !(settings[name] ?? found[name]))
    .map((name) => ({ name, what: prevents[name].what, help: prevents[name].help }));
}

/** What Tenantry does without on a server, though nobody said that it should: the configuration counts either way. */
export function forgoneCapabilities(found: Capabilities, settings: CapabilitySettings): readonly Lack[] {
  return dispensableCapabilities.filter((name) => settings[name] === undefined && !found[name]).map((name) => costs[name]);
}

/** What a server was found to be able to do. */
export async function detectCapabilities(session: SqlSession, capabilitiesOf: CapabilitiesOf): Promise<Capabilities> {
  const [facts] = (await session.run<Row & ServerFacts>('engine/server')).rows;
  if (facts === undefined) throw new TenantryError('INTERNAL', 'engine/server gave no row.');
  return capabilitiesOf(facts);
}

/**
 * What a server can do; what the configuration says counts instead of what is found. Throws `code`, with everything that is missing, where
 * that is something by which tenants' rows are protected; where the configuration is wrong, the gate and the server's own errors still
 * refuse.
 */
export async function requireCapabilities(
  session: SqlSession,
  capabilitiesOf: CapabilitiesOf,
  settings: CapabilitySettings,
  code: ErrorCode,
): Promise<Capabilities> {
  const found = await detectCapabilities(session, capabilitiesOf);
  const missing = missingCapabilities(found, settings);
  if (missing.length === 0) return { ...found, ...settings };
  const list = missing.map(({ name, what, help }) => `${what} (capabilities.${name}; ${helpText(help)})`);
  throw new TenantryError(code, `The server cannot keep tenants apart: ${list.join('; ')}.`);
}
