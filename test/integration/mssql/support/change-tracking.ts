/** What the suite of capabilities says of Change Tracking to the database of a shard. */
export const changeTracking = {
  on: 'ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 3 DAYS, AUTO_CLEANUP = ON)',
  short: 'ALTER DATABASE CURRENT SET CHANGE_TRACKING (CHANGE_RETENTION = 2 HOURS)',
  off: 'ALTER DATABASE CURRENT SET CHANGE_TRACKING = OFF',
  /** Every table with a policy, quoted. */
  tables: `SELECT DISTINCT CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(t.[name])) AS [name]
FROM sys.security_predicates AS p
JOIN sys.tables AS t ON t.[object_id] = p.[target_object_id]
JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]
WHERE p.[object_id] = OBJECT_ID(N'tenantry.policy_dbo')`,
  /** Of one of them. */
  of: (table: string, change: 'ENABLE' | 'DISABLE') => `ALTER TABLE ${table} ${change} CHANGE_TRACKING`,
} as const;
