/** Statements of a tenant's about what its call has brought besides it. */
export const brings = {
  read: `SELECT (SELECT v.[value] FROM [tenantry].[context_value](N'userId') AS v) AS [user],
  (SELECT STRING_AGG(v.[value], N',') WITHIN GROUP (ORDER BY v.[value] DESC) FROM [tenantry].[context_list](N'roles') AS v) AS [roles],
  (SELECT COUNT(*) FROM [tenantry].[context_value](N'userId') AS v WHERE v.[value] = N'U"1') AS [alike]`,
  forge: `EXEC sys.sp_set_session_context N'tenantry.values', N'{"userId":"boss"}'`,
} as const;
