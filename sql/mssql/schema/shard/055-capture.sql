-- What a move of tenants reads their changes from while they work: the server tracks the changes of every routed table that has a primary key,
-- where the database does (Change Tracking). On PostgreSQL triggers do it: docs/decisions/022-capture.md.

-- Rows of a table that have changed since a version, each once, by their primary keys as JSON, and the version of their last change. To be
-- called under SNAPSHOT, with CHANGE_TRACKING_CURRENT_VERSION() and the rows themselves in the same transaction. Whoever calls it needs
-- SELECT and VIEW CHANGE TRACKING on the table, which mover has of each that is tracked, and app of none. What the server has forgotten
-- since is an error: a table that was emptied by TRUNCATE is read anew as a whole, and so is all that was kept too short. It goes by table
-- and not by mapping as its twin does: the server keeps versions of tables and knows no tenants, whose rows the reader picks by their keys.
--   51020 NOT_TRACKED  51021 CHANGES_FORGOTTEN
CREATE PROCEDURE [tenantry].[captured_keys] @schema nvarchar(128), @table nvarchar(128), @since bigint
AS
SET NOCOUNT, XACT_ABORT ON;
DECLARE @name nvarchar(300) = CONCAT(QUOTENAME(@schema), N'.', QUOTENAME(@table));
DECLARE @id int = OBJECT_ID(@name);
IF NOT EXISTS (SELECT 1 FROM sys.change_tracking_tables AS k WHERE k.[object_id] = @id) THROW 51020, N'NOT_TRACKED', 1;
DECLARE @oldest bigint = CHANGE_TRACKING_MIN_VALID_VERSION(@id);
IF @since IS NULL OR @oldest IS NULL OR @since < @oldest THROW 51021, N'CHANGES_FORGOTTEN', 1;
DECLARE @key nvarchar(max), @names nvarchar(max);
SELECT @key = STRING_AGG(CAST(CONCAT(N'c.', QUOTENAME(n.[name])) AS nvarchar(max)), N', ') WITHIN GROUP (ORDER BY k.[key_ordinal]),
  @names = STRING_AGG(CAST(QUOTENAME(n.[name]) AS nvarchar(max)), N', ') WITHIN GROUP (ORDER BY k.[key_ordinal])
FROM sys.indexes AS i
JOIN sys.index_columns AS k ON k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[key_ordinal] > 0
JOIN sys.columns AS n ON n.[object_id] = k.[object_id] AND n.[column_id] = k.[column_id]
WHERE i.[object_id] = @id AND i.[is_primary_key] = 1;
-- PATH would take a name with a dot for one thing within another; AUTO takes it as it is, and asks for a table.
DECLARE @read nvarchar(max) = CONCAT(
  N'SELECT (SELECT k.* FROM (VALUES (', @key, N')) AS k (', @names, N') FOR JSON AUTO, WITHOUT_ARRAY_WRAPPER) AS [key], c.[SYS_CHANGE_VERSION] AS [version] ',
  N'FROM CHANGETABLE(CHANGES ', @name, N', @since) AS c;');
EXEC sys.sp_executesql @read, N'@since bigint', @since = @since;
GO
GRANT EXECUTE ON [tenantry].[captured_keys] TO [tenantry_mover];
