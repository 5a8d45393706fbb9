-- Who else has the rights of the groups that see all tenants, or of the configured logins: one row for each member besides those logins,
-- and what the provisioning makes a member; of a user here, who may act as it. Everything is of one collation (468, 457).
-- @logins nvarchar(max)
WITH [login] AS (
  SELECT DATABASE_PRINCIPAL_ID(l.[user]) AS [principal_id], l.[group] COLLATE Latin1_General_100_BIN2 AS [group]
  FROM OPENJSON(@logins) WITH ([user] nvarchar(128), [group] nvarchar(128)) AS l
)
SELECT g.[name] COLLATE Latin1_General_100_BIN2 AS [role], u.[name] COLLATE Latin1_General_100_BIN2 AS [member],
  CONCAT(N'ALTER ROLE ', QUOTENAME(g.[name]) COLLATE Latin1_General_100_BIN2, N' DROP MEMBER ', QUOTENAME(u.[name]) COLLATE Latin1_General_100_BIN2) AS [remedy]
FROM sys.database_role_members AS m
JOIN sys.database_principals AS g ON g.[principal_id] = m.[role_principal_id]
JOIN sys.database_principals AS u ON u.[principal_id] = m.[member_principal_id]
WHERE g.[name] IN (N'tenantry_superuser', N'tenantry_mover', N'tenantry_admin')
  AND NOT (g.[name] = N'tenantry_admin' AND u.[name] = N'tenantry_definer')
  AND NOT EXISTS (
    SELECT 1 FROM [login] AS l WHERE l.[principal_id] = u.[principal_id] AND l.[group] = g.[name] COLLATE Latin1_General_100_BIN2
  )
UNION ALL
SELECT g.[name] COLLATE Latin1_General_100_BIN2, u.[name] COLLATE Latin1_General_100_BIN2,
  CONCAT(N'REVOKE ', p.[permission_name] COLLATE Latin1_General_100_BIN2, N' ON USER::', QUOTENAME(g.[name]) COLLATE Latin1_General_100_BIN2,
    N' FROM ', QUOTENAME(u.[name]) COLLATE Latin1_General_100_BIN2, N' CASCADE')
FROM [login] AS l
JOIN sys.database_principals AS g ON g.[principal_id] = l.[principal_id]
JOIN sys.database_permissions AS p ON p.[class] = 4 AND p.[major_id] = l.[principal_id]
JOIN sys.database_principals AS u ON u.[principal_id] = p.[grantee_principal_id]
WHERE p.[state] IN (N'G', N'W') AND p.[permission_name] IN (N'IMPERSONATE', N'CONTROL')
  -- admin tries what the other logins may.
  AND NOT (p.[permission_name] = N'IMPERSONATE' AND u.[name] = N'tenantry_admin' AND l.[group] <> N'tenantry_admin')
ORDER BY [role], [member];
