import type { Capabilities, ServerFacts } from '../capabilities.ts';

/** Azure SQL Database and Managed Instance: always of the newest kind, whatever version they tell (*SERVERPROPERTY*, EngineEdition). */
const evergreen: ReadonlySet<number | null> = new Set([5, 8]);
/**
 * SQL Server 2016: CREATE SECURITY POLICY and sp_set_session_context came with it, whose read-only keys last as long as the logical
 * connection.
 */
const withPolicies = 13;
/** The level of a database from which on OPENJSON is known (*OPENJSON*). */
const withJson = 130;

/** What a SQL Server can do, by its version and the database's level of compatibility. What is not known is not there. */
export function mssqlCapabilities({ major, edition, compatibility, serialPlans, changeTracking }: ServerFacts): Capabilities {
  const isNewEnough = evergreen.has(edition) || (major ?? 0) >= withPolicies;
  return {
    securityPolicies: isNewEnough,
    readOnlyContext: isNewEnough,
    jsonTables: (compatibility ?? 0) >= withJson,
    serialPlans: serialPlans === true,
    resetClearsContext: isNewEnough,
    changeTracking: changeTracking === true,
  };
}
