-- Functions whose answer would outlast the tenant that it was given to: none. A plan keeps the answer of no function written in T-SQL, and
-- of an assembly's only where it reads nothing ("Constant folding").
-- @tables nvarchar(max)
-- @procedures nvarchar(max)
SELECT CAST(NULL AS nvarchar(128)) AS [schema], CAST(NULL AS nvarchar(128)) AS [table], CAST(NULL AS nvarchar(30)) AS [problem],
  CAST(NULL AS nvarchar(max)) AS [detail], CAST(NULL AS nvarchar(max)) AS [remedy]
WHERE 1 = 0 AND @tables IS NOT NULL AND @procedures IS NOT NULL;
