-- Functions of the database's own that may leave something in the session in which they run: none that matters, since every
-- use of a connection by another tenant begins with a reset, which clears all of it.
SELECT CAST(NULL AS nvarchar(128)) AS [schema], CAST(NULL AS nvarchar(128)) AS [function],
  CAST(NULL AS nvarchar(30)) AS [warning], CAST(NULL AS nvarchar(max)) AS [remedy]
WHERE 1 = 0;
