-- What makes the login of this connection more powerful than any principal may be; no row: nothing.
SELECT p.[problem] AS [problem]
FROM (VALUES
  (CASE WHEN IS_SRVROLEMEMBER(N'sysadmin') = 1 OR HAS_PERMS_BY_NAME(NULL, NULL, N'CONTROL SERVER') = 1 THEN 1 END, N'administers the server'),
  (CASE WHEN IS_SRVROLEMEMBER(N'securityadmin') = 1 THEN 1 END, N'gives rights of the server'),
  (CASE WHEN IS_ROLEMEMBER(N'db_owner') = 1 OR COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'CONTROL'), 1) = 1 THEN 1 END, N'owns the database'),
  (CASE WHEN IS_ROLEMEMBER(N'db_securityadmin') = 1 OR IS_ROLEMEMBER(N'db_accessadmin') = 1 OR COALESCE(HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'ALTER ANY ROLE'), 1) = 1
    THEN 1 END, N'may make itself a member of any role'),
  (CASE WHEN IS_ROLEMEMBER(N'db_datareader') = 1 OR IS_ROLEMEMBER(N'db_datawriter') = 1 OR IS_ROLEMEMBER(N'db_backupoperator') = 1 THEN 1 END,
    N'is a member of a role that reads, writes or copies everything')
) AS p ([applies], [problem])
WHERE p.[applies] = 1;
