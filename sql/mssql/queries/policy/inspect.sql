-- What protects the tables of any database, Tenantry's or not, in parts: a table with the state of its row security, its owner,
-- each predicate of a security policy with the function that it calls, and what each principal may do. `item` is the name that
-- policy/live-items has for the part, where it has one; `statement` makes the part. What the login may not read is null.
-- json: details
WITH tables AS (
  SELECT t.[object_id], s.[name] COLLATE Latin1_General_100_BIN2 AS [schema], t.[name] COLLATE Latin1_General_100_BIN2 AS [table],
    CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(t.[name])) COLLATE Latin1_General_100_BIN2 AS [place],
    o.[principal_id] AS [own_owner], USER_NAME(COALESCE(o.[principal_id], s.[principal_id])) COLLATE Latin1_General_100_BIN2 AS [owner]
  FROM sys.tables AS t
  JOIN sys.objects AS o ON o.[object_id] = t.[object_id]
  JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]
  WHERE t.[is_ms_shipped] = 0 AND s.[name] <> N'tenantry'
), predicates AS (
  SELECT t.[object_id], t.[schema], t.[table], t.[place], y.[is_enabled], s.[name] COLLATE Latin1_General_100_BIN2 AS [policy_schema],
    CONCAT(s.[name], N'.', y.[name]) COLLATE Latin1_General_100_BIN2 AS [name],
    CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(y.[name])) COLLATE Latin1_General_100_BIN2 AS [policy],
    p.[predicate_type_desc] COLLATE Latin1_General_100_BIN2 AS [kind], p.[operation_desc] COLLATE Latin1_General_100_BIN2 AS [operation],
    -- The server keeps parentheses around the call, which no statement takes.
    CASE WHEN SUBSTRING(p.[predicate_definition], 1, 1) = N'(' THEN SUBSTRING(p.[predicate_definition], 2, DATALENGTH(p.[predicate_definition]) / 2 - 2)
      ELSE p.[predicate_definition] END COLLATE Latin1_General_100_BIN2 AS [definition]
  FROM tables AS t
  JOIN sys.security_predicates AS p ON p.[target_object_id] = t.[object_id]
  JOIN sys.security_policies AS y ON y.[object_id] = p.[object_id]
  JOIN sys.schemas AS s ON s.[schema_id] = y.[schema_id]
), functions AS (
  SELECT m.[definition] COLLATE Latin1_General_100_BIN2 AS [definition], s.[name] COLLATE Latin1_General_100_BIN2 AS [function_schema],
    o.[name] COLLATE Latin1_General_100_BIN2 AS [own_name],
    CONCAT(s.[name], N'.', o.[name]) COLLATE Latin1_General_100_BIN2 AS [name],
    CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(o.[name]), N'(') COLLATE Latin1_General_100_BIN2 AS [call]
  FROM sys.objects AS o
  JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
  LEFT JOIN sys.sql_modules AS m ON m.[object_id] = o.[object_id]
  WHERE o.[type] = N'IF'
), rights AS (
  SELECT DISTINCT t.[schema], t.[table], t.[place], g.[name] COLLATE Latin1_General_100_BIN2 AS [name],
    p.[state] COLLATE Latin1_General_100_BIN2 AS [state], p.[permission_name] COLLATE Latin1_General_100_BIN2 AS [permission],
    c.[name] COLLATE Latin1_General_100_BIN2 AS [column]
  FROM tables AS t
  JOIN sys.database_permissions AS p ON p.[class] = 1 AND p.[major_id] = t.[object_id]
  JOIN sys.database_principals AS g ON g.[principal_id] = p.[grantee_principal_id]
  LEFT JOIN sys.columns AS c ON c.[object_id] = p.[major_id] AND c.[column_id] = p.[minor_id]
), granted AS (
  SELECT r.[schema], r.[table], r.[place], r.[name], r.[state],
    STRING_AGG(CONCAT(CAST(LOWER(r.[permission]) AS nvarchar(max)), N' (' + QUOTENAME(r.[column]) + N')'), N', ')
      WITHIN GROUP (ORDER BY r.[column], r.[permission]) AS [rights]
  FROM rights AS r
  GROUP BY r.[schema], r.[table], r.[place], r.[name], r.[state]
)
SELECT t.[schema] AS [schema], t.[table] AS [table], N'table' AS [part], t.[table] AS [name], N'security policy' AS [item],
  (SELECT t.[owner] AS [owner],
     CASE WHEN EXISTS (SELECT 1 FROM predicates AS p WHERE p.[object_id] = t.[object_id] AND p.[is_enabled] = 1) THEN N'on' ELSE N'off' END AS [rowSecurity],
     (SELECT MAX(c.[name]) FROM sys.columns AS c JOIN predicates AS p ON p.[object_id] = c.[object_id]
      WHERE c.[object_id] = t.[object_id] AND p.[policy_schema] = N'tenantry' AND p.[kind] = N'FILTER'
        AND (p.[definition] = CONCAT(N'[tenantry].[visible](', QUOTENAME(c.[name]), N')') COLLATE Latin1_General_100_BIN2
          -- A function of rows takes the tenant first.
          OR (p.[definition] LIKE N'[[]tenantry].[[]rows[_]%' AND CHARINDEX(CONCAT(N'](', QUOTENAME(c.[name])) COLLATE Latin1_General_100_BIN2, p.[definition]) > 0))
     ) AS [tenantColumn]
   FOR JSON PATH, WITHOUT_ARRAY_WRAPPER, INCLUDE_NULL_VALUES) AS [details], NULL AS [statement]
FROM tables AS t
UNION ALL
SELECT t.[schema], t.[table], N'owner', t.[owner], NULL, N'{}',
  CONCAT(N'ALTER AUTHORIZATION ON OBJECT::', t.[place], N' TO ', QUOTENAME(t.[owner]), N';')
FROM tables AS t
WHERE t.[own_owner] IS NOT NULL
UNION ALL
SELECT DISTINCT p.[schema], p.[table], N'function', f.[name], 
  CASE WHEN f.[name] = N'tenantry.visible' THEN N'filter predicate' WHEN f.[function_schema] = N'tenantry' THEN CONCAT(N'function ', f.[own_name]) END,
  (SELECT f.[definition] AS [sql] FOR JSON PATH, WITHOUT_ARRAY_WRAPPER, INCLUDE_NULL_VALUES), f.[definition]
FROM predicates AS p
JOIN functions AS f ON SUBSTRING(p.[definition], 1, DATALENGTH(f.[call]) / 2) = f.[call]
UNION ALL
SELECT p.[schema], p.[table], N'policy', p.[name],
  CASE p.[policy_schema] WHEN N'tenantry' THEN CONCAT(LOWER(p.[kind]), N' predicate') END,
  (SELECT LOWER(p.[kind]) AS [kind], COALESCE(LOWER(p.[operation]), N'all') AS [command], NULL AS [roles],
     CASE p.[kind] WHEN N'FILTER' THEN p.[definition] END AS [using], CASE p.[kind] WHEN N'BLOCK' THEN p.[definition] END AS [check]
   FOR JSON PATH, WITHOUT_ARRAY_WRAPPER, INCLUDE_NULL_VALUES),
  CONCAT(N'IF OBJECT_ID(N''', REPLACE(p.[policy], N'''', N''''''), N''') IS NULL CREATE SECURITY POLICY ', p.[policy],
    N' ADD ', p.[kind], N' PREDICATE ', p.[definition], N' ON ', p.[place], N' ' + p.[operation],
    N' WITH (STATE = ', CASE p.[is_enabled] WHEN 1 THEN N'ON' ELSE N'OFF' END, N');',
    NCHAR(10), N'ELSE ALTER SECURITY POLICY ', p.[policy],
    N' ADD ', p.[kind], N' PREDICATE ', p.[definition], N' ON ', p.[place], N' ' + p.[operation], N';')
FROM predicates AS p
UNION ALL
SELECT g.[schema], g.[table], N'rights', g.[name], CONCAT(N'rights of ', g.[name]),
  (SELECT g.[rights] AS [rights], CASE g.[state] WHEN N'D' THEN N'denied' WHEN N'W' THEN N'granted, to grant' ELSE N'granted' END AS [state]
   FOR JSON PATH, WITHOUT_ARRAY_WRAPPER, INCLUDE_NULL_VALUES),
  CONCAT(CASE g.[state] WHEN N'D' THEN N'DENY ' ELSE N'GRANT ' END, g.[rights], N' ON ', g.[place], N' TO ', QUOTENAME(g.[name]),
    CASE g.[state] WHEN N'W' THEN N' WITH GRANT OPTION' END, N';')
FROM granted AS g
ORDER BY 1, 2, 3 DESC, 4, 5;
