import { enterText } from './entries.ts';

/** A transaction that tenant 1 would enter under an isolation level, whole in one batch. */
export const entryUnder = (level: string): string =>
  `SET TRANSACTION ISOLATION LEVEL ${level};\nBEGIN TRANSACTION;\n${enterText(1)}\nCOMMIT TRANSACTION;`;

/** Locks on the shard's own tables that a session holds, besides those that only announce locks below them. */
export const locksOf = (session: number): string => `
  SELECT OBJECT_NAME(p.[object_id]) AS [table], l.[resource_type] AS [resource], l.[request_mode] AS [mode]
  FROM sys.dm_tran_locks AS l
  JOIN sys.partitions AS p ON p.[hobt_id] = l.[resource_associated_entity_id]
  WHERE l.[request_session_id] = ${session} AND l.[resource_database_id] = DB_ID() AND l.[request_mode] NOT LIKE N'I%'
    AND p.[object_id] IN (OBJECT_ID(N'tenantry.mapping_fence'), OBJECT_ID(N'tenantry.local_mapping'))`;

/** Tables whose locks of rows never become one of the table. */
export const neverEscalated = `
  SELECT t.[name] AS [name] FROM sys.tables AS t WHERE t.[lock_escalation_desc] = N'DISABLE' ORDER BY t.[name]`;

/** What a session's number is. */
export const sessionNumber = 'SELECT @@SPID AS [session]';

/** A statement that does not come to an end by itself within a test. */
export const waits = "WAITFOR DELAY '00:00:30'";
