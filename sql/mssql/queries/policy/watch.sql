-- Any text that is another one when something has changed by which tenants might see more, and which no trigger of the database sees, or judges:
-- asked once a second by a login of app. `noted` is another one after any other change, too, which may have been judged or may be said to have been.
-- It waits for nobody's uncommitted definitions; the settings end with this text.
SET NOCOUNT ON;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
DECLARE @unjudged int = (SELECT u.[changes] FROM [tenantry].[unjudged]() AS u);
SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;
SELECT CONCAT([tenantry].[watched](), N'|', @unjudged, N'|', IS_SRVROLEMEMBER(N'sysadmin'), IS_SRVROLEMEMBER(N'securityadmin'), IS_SRVROLEMEMBER(N'serveradmin'), N'|',
  IS_ROLEMEMBER(N'db_owner'), IS_ROLEMEMBER(N'db_datareader'), IS_ROLEMEMBER(N'db_datawriter'), N'|',
  HAS_PERMS_BY_NAME(NULL, NULL, N'CONTROL SERVER'), HAS_PERMS_BY_NAME(NULL, NULL, N'ALTER ANY LOGIN'),
  HAS_PERMS_BY_NAME(NULL, NULL, N'ALTER ANY LINKED SERVER'), HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER STATE'), N'|',
  HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'CONTROL'), HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'ALTER'),
  HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'VIEW DATABASE STATE')) AS [state], [tenantry].[noted]() AS [noted];
