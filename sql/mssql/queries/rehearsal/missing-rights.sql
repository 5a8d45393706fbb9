-- What an administrator has to run before admin may act as these users, in order; no row where it may.
-- @users nvarchar(max)
SELECT CONCAT(N'GRANT IMPERSONATE ON USER::', QUOTENAME(u.[value]), N' TO [tenantry_admin]') AS [remedy]
FROM OPENJSON(@users) AS u
WHERE COALESCE(HAS_PERMS_BY_NAME(QUOTENAME(u.[value]), N'USER', N'IMPERSONATE'), 0) = 0
ORDER BY u.[value];
