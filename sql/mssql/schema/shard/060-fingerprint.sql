-- Everything that decides what app can see or do in this database, whatever the configuration says of it: one row for each object, with a
-- digest of what matters of it. The same for whoever asks: it runs as a user that sees all definitions, which app does not. What has
-- nothing to say about protection (columns, indexes, tables of which app has nothing, logins and their passwords) is in none of it, so that
-- an ordinary migration leaves it as it is. Whoever relies on it compares this text and what it was made under with the program's
-- own. Everything is of one collation: the server has others for its own words, for names and for the database (468, 457).
CREATE FUNCTION [tenantry].[fingerprint_items]() RETURNS @items TABLE (
  [kind] nvarchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [object] nvarchar(600) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [digest] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL
)
WITH EXECUTE AS 'tenantry_definer'
AS
BEGIN
  -- Run as anybody else it would see less; nothing is what nobody has accepted.
  IF USER_NAME() <> N'tenantry_definer' RETURN;

  -- Whose rights a statement of app can come to: its group, the logins in it, what any of them is a member of, and everybody.
  DECLARE @grantee TABLE (
    [principal_id] int NOT NULL PRIMARY KEY,
    [name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL
  );
  WITH below AS (
    SELECT p.[principal_id] FROM sys.database_principals AS p WHERE p.[name] = N'tenantry_app'
    UNION ALL
    SELECT m.[member_principal_id] FROM sys.database_role_members AS m JOIN below AS b ON b.[principal_id] = m.[role_principal_id]
  ), above AS (
    SELECT b.[principal_id] FROM below AS b
    UNION ALL
    SELECT m.[role_principal_id] FROM sys.database_role_members AS m JOIN above AS a ON a.[principal_id] = m.[member_principal_id]
  )
  INSERT INTO @grantee ([principal_id], [name])
  -- Which login it is comes and goes.
  SELECT p.[principal_id], CASE WHEN p.[type] = N'R' THEN p.[name] COLLATE Latin1_General_100_BIN2 ELSE N'logins of app' END
  FROM sys.database_principals AS p
  WHERE p.[name] = N'public' OR p.[principal_id] IN (SELECT a.[principal_id] FROM above AS a);

  -- Who sees all tenants by a right of Tenantry's, for reports or to move them; which login it is comes and goes.
  DECLARE @beside TABLE ([principal_id] int NOT NULL PRIMARY KEY, [name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL);
  WITH below AS (
    SELECT p.[principal_id], CASE p.[name] WHEN N'tenantry_mover' THEN N'logins of mover' ELSE N'logins of reports' END AS [name]
    FROM sys.database_principals AS p
    WHERE p.[name] IN (N'tenantry_superuser', N'tenantry_mover')
    UNION ALL
    SELECT m.[member_principal_id], b.[name] FROM sys.database_role_members AS m JOIN below AS b ON b.[principal_id] = m.[role_principal_id]
  )
  INSERT INTO @beside ([principal_id], [name])
  SELECT b.[principal_id], MAX(b.[name]) FROM below AS b GROUP BY b.[principal_id];

  -- Whose rights stand here: these, other roles, and what certificates and keys stand for, by which a signed routine may more.
  DECLARE @named TABLE (
    [principal_id] int NOT NULL PRIMARY KEY,
    [name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [is_grantee] bit NOT NULL
  );
  INSERT INTO @named ([principal_id], [name], [is_grantee])
  SELECT p.[principal_id], COALESCE(g.[name], CASE WHEN p.[type] <> N'R' THEN e.[name] END, p.[name] COLLATE Latin1_General_100_BIN2),
    CASE WHEN g.[principal_id] IS NULL THEN 0 ELSE 1 END
  FROM sys.database_principals AS p
  LEFT JOIN @grantee AS g ON g.[principal_id] = p.[principal_id]
  LEFT JOIN @beside AS e ON e.[principal_id] = p.[principal_id]
  WHERE g.[principal_id] IS NOT NULL OR e.[principal_id] IS NOT NULL OR p.[type] IN (N'R', N'A', N'C', N'K') OR p.[name] = N'tenantry_definer';

  -- To what they have a right of any kind: objects (1), schemas (3), or all that there is (0). What public may do with the server's own, whose
  -- numbers are below zero, comes with the server.
  DECLARE @granted TABLE ([class] tinyint NOT NULL, [major_id] int NOT NULL, PRIMARY KEY ([class], [major_id]));
  INSERT INTO @granted ([class], [major_id])
  SELECT DISTINCT p.[class], p.[major_id]
  FROM sys.database_permissions AS p
  JOIN @grantee AS g ON g.[principal_id] = p.[grantee_principal_id]
  WHERE p.[state] IN (N'G', N'W')
    AND (
      (p.[class] IN (1, 3) AND p.[major_id] > 0)
      OR (p.[class] = 0 AND p.[permission_name] IN (
        N'SELECT', N'INSERT', N'UPDATE', N'DELETE', N'EXECUTE', N'REFERENCES', N'ALTER', N'CONTROL', N'TAKE OWNERSHIP'
      ))
    );

  -- What app reaches so, and Tenantry's own.
  DECLARE @reached TABLE ([object_id] int NOT NULL PRIMARY KEY);
  INSERT INTO @reached ([object_id])
  SELECT o.[object_id]
  FROM sys.objects AS o
  JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
  WHERE o.[parent_object_id] = 0
    AND o.[type] IN (N'U', N'V', N'ET', N'P', N'PC', N'X', N'RF', N'FN', N'IF', N'TF', N'FS', N'FT', N'AF', N'SN', N'SO', N'SQ')
    AND (
      s.[name] = N'tenantry'
      OR COALESCE(o.[principal_id], s.[principal_id]) IN (SELECT g.[principal_id] FROM @grantee AS g)
      OR o.[object_id] IN (SELECT w.[major_id] FROM @granted AS w WHERE w.[class] = 1)
      OR o.[schema_id] IN (SELECT w.[major_id] FROM @granted AS w WHERE w.[class] = 3)
      OR EXISTS (SELECT 1 FROM @granted AS w WHERE w.[class] = 0)
    );

  -- And what these name: the chain of ownership asks for no right to it. A procedure that is called without its schema is that of dbo, which
  -- is the default schema of app's users. The history of a table is read with it, and what its predicates call. What a
  -- trigger calls counts, of whichever table: a foreign key may write to it.
  DECLARE @more int = 1;
  WHILE @more > 0
  BEGIN
    INSERT INTO @reached ([object_id])
    SELECT DISTINCT o.[object_id]
    FROM (
      SELECT COALESCE(d.[referenced_id], OBJECT_ID(CONCAT(QUOTENAME(COALESCE(d.[referenced_schema_name], N'dbo')), N'.', QUOTENAME(d.[referenced_entity_name])))) AS [object_id]
      FROM sys.sql_expression_dependencies AS d
      JOIN sys.objects AS r ON r.[object_id] = d.[referencing_id]
      WHERE d.[referencing_class] = 1 AND d.[referenced_class] = 1
        AND d.[referenced_database_name] IS NULL AND d.[referenced_server_name] IS NULL
        AND (r.[type] = N'TR' OR EXISTS (SELECT 1 FROM @reached AS b WHERE b.[object_id] IN (r.[object_id], r.[parent_object_id])))
      UNION ALL
      -- What a check, a default or a computed column calls runs for whoever writes to the table, which a text need not name.
      SELECT d.[referenced_id]
      FROM sys.sql_expression_dependencies AS d
      JOIN sys.objects AS r ON r.[object_id] = d.[referencing_id] AND r.[type] IN (N'C', N'D', N'U')
      JOIN sys.objects AS c ON c.[object_id] = d.[referenced_id] AND c.[type] IN (N'FN', N'FS')
      WHERE d.[referencing_class] = 1 AND d.[referenced_class] = 1
      UNION ALL
      SELECT OBJECT_ID(y.[base_object_name])
      FROM sys.synonyms AS y
      JOIN @reached AS b ON b.[object_id] = y.[object_id]
      WHERE COALESCE(PARSENAME(y.[base_object_name], 3), DB_NAME()) = DB_NAME() AND PARSENAME(y.[base_object_name], 4) IS NULL
      UNION ALL
      SELECT t.[history_table_id]
      FROM sys.tables AS t
      JOIN @reached AS b ON b.[object_id] = t.[object_id]
      UNION ALL
      SELECT i.[object_id]
      FROM sys.security_predicates AS p
      JOIN @reached AS b ON b.[object_id] = p.[target_object_id]
      JOIN sys.objects AS i ON i.[type] = N'IF'
      JOIN sys.schemas AS s ON s.[schema_id] = i.[schema_id]
      WHERE CHARINDEX(
        CONCAT(QUOTENAME(s.[name]), N'.', QUOTENAME(i.[name]), N'(') COLLATE Latin1_General_100_BIN2, p.[predicate_definition] COLLATE Latin1_General_100_BIN2) > 0
    ) AS f
    JOIN sys.objects AS o ON o.[object_id] = f.[object_id]
    WHERE NOT EXISTS (SELECT 1 FROM @reached AS b WHERE b.[object_id] = o.[object_id]);
    SET @more = @@ROWCOUNT;
  END;

  -- Whose rows a statement of app may change: no policy is taken to be asked of what a foreign key does by itself.
  DECLARE @keyed TABLE ([object_id] int NOT NULL PRIMARY KEY);
  INSERT INTO @keyed ([object_id]) SELECT b.[object_id] FROM @reached AS b;
  SET @more = 1;
  WHILE @more > 0
  BEGIN
    INSERT INTO @keyed ([object_id])
    SELECT DISTINCT fk.[parent_object_id]
    FROM sys.foreign_keys AS fk
    JOIN @keyed AS b ON b.[object_id] = fk.[referenced_object_id]
    WHERE (fk.[delete_referential_action] <> 0 OR fk.[update_referential_action] <> 0)
      AND NOT EXISTS (SELECT 1 FROM @keyed AS c WHERE c.[object_id] = fk.[parent_object_id]);
    SET @more = @@ROWCOUNT;
  END;

  -- Columns by which predicates keep a table's rows apart, as `policy/gate` knows them. No collation makes two tenants one.
  DECLARE @kept TABLE (
    [object_id] int NOT NULL,
    [column_id] int NOT NULL,
    [kind] nvarchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [operation] nvarchar(60) COLLATE Latin1_General_100_BIN2 NULL
  );
  INSERT INTO @kept ([object_id], [column_id], [kind], [operation])
  SELECT DISTINCT p.[target_object_id], c.[column_id], p.[predicate_type_desc], p.[operation_desc]
  FROM sys.security_predicates AS p
  JOIN sys.security_policies AS y ON y.[object_id] = p.[object_id] AND y.[is_enabled] = 1
  JOIN sys.objects AS o ON o.[object_id] = p.[target_object_id]
  JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
  JOIN sys.columns AS c ON c.[object_id] = o.[object_id] AND (c.[collation_name] IS NULL OR c.[collation_name] LIKE N'%[_]BIN2')
  CROSS APPLY (
    SELECT REPLACE(REPLACE(REPLACE(p.[predicate_definition] COLLATE Latin1_General_100_BIN2, N'(', N''), N')', N''), N' ', N'') AS [call]
  ) AS w
  WHERE CHARINDEX(QUOTENAME(c.[name]) COLLATE Latin1_General_100_BIN2, p.[predicate_definition] COLLATE Latin1_General_100_BIN2) > 0
    AND (
      w.[call] = REPLACE(REPLACE(REPLACE(N'[tenantry].[visible]' + QUOTENAME(c.[name]), N'(', N''), N')', N''), N' ', N'') COLLATE Latin1_General_100_BIN2
      OR EXISTS (
        SELECT 1
        FROM sys.objects AS f
        JOIN sys.sql_modules AS m ON m.[object_id] = f.[object_id] AND m.[uses_ansi_nulls] = 1 AND m.[uses_quoted_identifier] = 1
        CROSS APPLY [tenantry].[row_function](f.[name], m.[definition]) AS r
        WHERE f.[schema_id] = SCHEMA_ID(N'tenantry') AND f.[type] = N'IF' AND f.[name] LIKE N'rows[_]%' AND r.[call] = w.[call]
          AND CHARINDEX(
            CONCAT(N'-- tenant ', QUOTENAME(c.[name]), N' of ', QUOTENAME(s.[name]), N'.', QUOTENAME(o.[name]), NCHAR(10)) COLLATE Latin1_General_100_BIN2,
            m.[definition] COLLATE Latin1_General_100_BIN2) > 0
      )
    );
  DECLARE @tenants_column TABLE ([object_id] int NOT NULL, [column_id] int NOT NULL, PRIMARY KEY ([object_id], [column_id]));
  INSERT INTO @tenants_column ([object_id], [column_id])
  SELECT w.[object_id], w.[column_id]
  FROM @kept AS w
  GROUP BY w.[object_id], w.[column_id]
  HAVING MAX(CASE WHEN w.[kind] = N'FILTER' THEN 1 ELSE 0 END) = 1
    AND (
      MAX(CASE WHEN w.[kind] = N'BLOCK' AND w.[operation] IS NULL THEN 1 ELSE 0 END) = 1
      OR COUNT(DISTINCT CASE WHEN w.[kind] = N'BLOCK' AND w.[operation] IN (N'AFTER INSERT', N'AFTER UPDATE') THEN w.[operation] END) = 2
    );

  DECLARE @item TABLE (
    [kind] nvarchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [object] nvarchar(600) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [definition] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL
  );

  -- What is reached, and every default and rule that is bound to types or columns, whosever these are: no text names it. Text that cannot be read
  -- (WITH ENCRYPTION) is as old as it says.
  INSERT INTO @item ([kind], [object], [definition])
  SELECT
    CASE
      WHEN o.[type] IN (N'U', N'ET') THEN N'table' WHEN o.[type] = N'V' THEN N'view' WHEN o.[type] = N'SN' THEN N'synonym'
      WHEN o.[type] = N'SO' THEN N'sequence' WHEN o.[type] = N'SQ' THEN N'queue' WHEN o.[type] IN (N'P', N'PC', N'X', N'RF') THEN N'procedure'
      WHEN o.[type] = N'D' THEN N'default' WHEN o.[type] = N'R' THEN N'rule'
      ELSE N'function'
    END,
    CONCAT(s.[name] COLLATE Latin1_General_100_BIN2, N'.', o.[name] COLLATE Latin1_General_100_BIN2),
    CONCAT(CAST(o.[type] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N'|',
      USER_NAME(COALESCE(o.[principal_id], s.[principal_id])) COLLATE Latin1_General_100_BIN2, N'|',
      CASE WHEN m.[object_id] IS NOT NULL THEN COALESCE(m.[definition] COLLATE Latin1_General_100_BIN2, CONVERT(nvarchar(30), o.[modify_date], 126)) END, N'|',
      m.[uses_ansi_nulls], m.[uses_quoted_identifier], m.[is_schema_bound], N'|',
      CASE m.[execute_as_principal_id] WHEN -2 THEN N'OWNER' ELSE USER_NAME(m.[execute_as_principal_id]) COLLATE Latin1_General_100_BIN2 END, N'|',
      y.[base_object_name] COLLATE Latin1_General_100_BIN2, N'|',
      t.[temporal_type], t.[is_tracked_by_cdc], t.[is_external], t.[is_memory_optimized], N'|',
      OBJECT_NAME(t.[history_table_id]) COLLATE Latin1_General_100_BIN2, N'|', CASE WHEN k.[object_id] IS NULL THEN 0 ELSE 1 END, N'|', c.[signed], N'|', q.[others], N'|', v.[computed])
  FROM sys.objects AS o
  JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
  LEFT JOIN sys.sql_modules AS m ON m.[object_id] = o.[object_id]
  LEFT JOIN sys.synonyms AS y ON y.[object_id] = o.[object_id]
  LEFT JOIN sys.tables AS t ON t.[object_id] = o.[object_id]
  LEFT JOIN sys.change_tracking_tables AS k ON k.[object_id] = o.[object_id]
  OUTER APPLY (
    SELECT STRING_AGG(CONVERT(nvarchar(max), p.[thumbprint], 2), N',') WITHIN GROUP (ORDER BY p.[thumbprint]) AS [signed]
    FROM sys.crypt_properties AS p
    WHERE p.[class] = 1 AND p.[major_id] = o.[object_id]
  ) AS c
  OUTER APPLY (
    -- Who may call a procedure may call the others of its group.
    SELECT STRING_AGG(CONCAT(CAST(gp.[procedure_number] AS nvarchar(max)), N':',
      COALESCE(gp.[definition] COLLATE Latin1_General_100_BIN2, CONVERT(nvarchar(30), o.[modify_date], 126))), N'|') WITHIN GROUP (ORDER BY gp.[procedure_number]) AS [others]
    FROM sys.numbered_procedures AS gp
    WHERE gp.[object_id] = o.[object_id]
  ) AS q
  OUTER APPLY (
    -- A column shows whoever reads the table what the function that it calls answers.
    SELECT STRING_AGG(CONCAT(CAST(u.[name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N' ', u.[definition] COLLATE Latin1_General_100_BIN2), N'|')
      WITHIN GROUP (ORDER BY u.[column_id]) AS [computed]
    FROM sys.computed_columns AS u
    WHERE u.[object_id] = o.[object_id]
      AND EXISTS (
        SELECT 1
        FROM sys.sql_expression_dependencies AS e
        WHERE e.[referencing_class] = 1 AND e.[referencing_id] = u.[object_id] AND e.[referencing_minor_id] = u.[column_id]
          AND e.[referenced_class] = 1 AND e.[referenced_minor_id] = 0
      )
  ) AS v
  WHERE o.[object_id] IN (SELECT b.[object_id] FROM @reached AS b)
    OR (o.[parent_object_id] = 0 AND o.[type] IN (N'D', N'R'));

  -- What the values of a type are, and what stands for one that nobody gave.
  INSERT INTO @item ([kind], [object], [definition])
  SELECT N'type', CONCAT(s.[name] COLLATE Latin1_General_100_BIN2, N'.', t.[name] COLLATE Latin1_General_100_BIN2),
    CONCAT(CAST(t.[system_type_id] AS nvarchar(max)), N'|', t.[max_length], N'|', t.[precision], N'|', t.[scale], N'|', t.[is_nullable], N'|',
      t.[is_table_type], t.[is_assembly_type], N'|', t.[collation_name] COLLATE Latin1_General_100_BIN2, N'|',
      USER_NAME(COALESCE(t.[principal_id], s.[principal_id])) COLLATE Latin1_General_100_BIN2, N'|',
      OBJECT_SCHEMA_NAME(t.[default_object_id]) COLLATE Latin1_General_100_BIN2, N'.', OBJECT_NAME(t.[default_object_id]) COLLATE Latin1_General_100_BIN2, N'|',
      OBJECT_SCHEMA_NAME(t.[rule_object_id]) COLLATE Latin1_General_100_BIN2, N'.', OBJECT_NAME(t.[rule_object_id]) COLLATE Latin1_General_100_BIN2)
  FROM sys.types AS t
  JOIN sys.schemas AS s ON s.[schema_id] = t.[schema_id]
  WHERE t.[is_user_defined] = 1 AND (t.[default_object_id] <> 0 OR t.[rule_object_id] <> 0);

  -- Of every table: what app may call writes to more of them than its text names.
  INSERT INTO @item ([kind], [object], [definition])
  SELECT CASE g.[parent_class] WHEN 0 THEN N'database trigger' ELSE N'trigger' END,
    CONCAT(s.[name] COLLATE Latin1_General_100_BIN2 + N'.', o.[name] COLLATE Latin1_General_100_BIN2 + N' ', g.[name] COLLATE Latin1_General_100_BIN2),
    CONCAT(CAST(g.[type] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N'|', g.[is_disabled], g.[is_instead_of_trigger], N'|',
      COALESCE(m.[definition] COLLATE Latin1_General_100_BIN2, CONVERT(nvarchar(30), g.[modify_date], 126)), N'|',
      m.[uses_ansi_nulls], m.[uses_quoted_identifier], N'|',
      CASE m.[execute_as_principal_id] WHEN -2 THEN N'OWNER' ELSE USER_NAME(m.[execute_as_principal_id]) COLLATE Latin1_General_100_BIN2 END)
  FROM sys.triggers AS g
  LEFT JOIN sys.sql_modules AS m ON m.[object_id] = g.[object_id]
  LEFT JOIN sys.objects AS o ON g.[parent_class] = 1 AND o.[object_id] = g.[parent_id]
  LEFT JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id];

  INSERT INTO @item ([kind], [object], [definition])
  SELECT N'predicate',
    CONCAT(s.[name] COLLATE Latin1_General_100_BIN2, N'.', o.[name] COLLATE Latin1_General_100_BIN2, N' ',
      LOWER(p.[predicate_type_desc] COLLATE Latin1_General_100_BIN2), N' ' + LOWER(p.[operation_desc] COLLATE Latin1_General_100_BIN2)),
    CONCAT(CAST(r.[name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N'.', y.[name] COLLATE Latin1_General_100_BIN2, N'|',
      y.[is_enabled], y.[is_not_for_replication], N'|', p.[predicate_definition] COLLATE Latin1_General_100_BIN2)
  FROM @reached AS b
  JOIN sys.objects AS o ON o.[object_id] = b.[object_id]
  JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
  JOIN sys.security_predicates AS p ON p.[target_object_id] = o.[object_id]
  JOIN sys.security_policies AS y ON y.[object_id] = p.[object_id]
  JOIN sys.schemas AS r ON r.[schema_id] = y.[schema_id];

  -- A default matters where a predicate names its column, or one of that name: it says whose a new row is; and where it is or calls something of
  -- somebody's own. What a new table has for its tenant counts where app comes to it.
  INSERT INTO @item ([kind], [object], [definition])
  SELECT N'default', CONCAT(s.[name] COLLATE Latin1_General_100_BIN2, N'.', o.[name] COLLATE Latin1_General_100_BIN2, N' ', c.[name] COLLATE Latin1_General_100_BIN2),
    COALESCE(
      CAST(d.[definition] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2,
      CONCAT(CAST(OBJECT_SCHEMA_NAME(c.[default_object_id]) AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N'.', OBJECT_NAME(c.[default_object_id]) COLLATE Latin1_General_100_BIN2, N'|',
        OBJECT_SCHEMA_NAME(c.[rule_object_id]) COLLATE Latin1_General_100_BIN2, N'.', OBJECT_NAME(c.[rule_object_id]) COLLATE Latin1_General_100_BIN2))
  FROM sys.objects AS o
  JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
  JOIN sys.columns AS c ON c.[object_id] = o.[object_id] AND (c.[default_object_id] <> 0 OR c.[rule_object_id] <> 0)
  LEFT JOIN sys.default_constraints AS d ON d.[object_id] = c.[default_object_id]
  OUTER APPLY (
    SELECT COUNT(*) AS [calls], COUNT(CASE WHEN e.[referenced_schema_name] = N'tenantry' THEN 1 END) AS [tenantry]
    FROM sys.sql_expression_dependencies AS e
    WHERE e.[referencing_class] = 1 AND e.[referencing_id] = d.[object_id]
  ) AS e
  WHERE o.[type] IN (N'U', N'V', N'ET')
    AND (
      d.[object_id] IS NULL OR c.[rule_object_id] <> 0 OR e.[calls] > e.[tenantry]
      OR (o.[object_id] IN (SELECT b.[object_id] FROM @reached AS b) AND (s.[name] = N'tenantry' OR e.[calls] > 0))
      OR (
        e.[calls] = 0 AND EXISTS (
          SELECT 1
          FROM @tenants_column AS apart
          JOIN sys.columns AS w ON w.[object_id] = apart.[object_id] AND w.[column_id] = apart.[column_id]
          WHERE w.[name] = c.[name]
        )
      )
      OR EXISTS (
        SELECT 1
        FROM sys.security_predicates AS p
        WHERE p.[target_object_id] = o.[object_id]
          AND CHARINDEX(QUOTENAME(c.[name]) COLLATE Latin1_General_100_BIN2, p.[predicate_definition] COLLATE Latin1_General_100_BIN2) > 0
      )
    );

  INSERT INTO @item ([kind], [object], [definition])
  SELECT N'columns', CONCAT(N'tenantry.', t.[name] COLLATE Latin1_General_100_BIN2),
    CONCAT(CAST(c.[name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N' ', c.[system_type_id], N' ', c.[max_length], N' ', c.[is_nullable], N' ',
      c.[is_computed], N' ', c.[is_identity], N' ', c.[collation_name] COLLATE Latin1_General_100_BIN2)
  FROM sys.tables AS t
  JOIN sys.columns AS c ON c.[object_id] = t.[object_id]
  WHERE t.[schema_id] = SCHEMA_ID(N'tenantry')
  UNION ALL
  SELECT N'columns', CONCAT(N'tenantry.', t.[name] COLLATE Latin1_General_100_BIN2),
    CONCAT(CAST(k.[name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N' ', k.[is_disabled], N' ', k.[definition] COLLATE Latin1_General_100_BIN2)
  FROM sys.tables AS t
  JOIN sys.check_constraints AS k ON k.[parent_object_id] = t.[object_id]
  WHERE t.[schema_id] = SCHEMA_ID(N'tenantry');

  INSERT INTO @item ([kind], [object], [definition])
  SELECT N'schema', s.[name] COLLATE Latin1_General_100_BIN2, CAST(USER_NAME(s.[principal_id]) AS nvarchar(max)) COLLATE Latin1_General_100_BIN2
  FROM sys.schemas AS s
  WHERE s.[name] = N'tenantry' OR s.[principal_id] IN (SELECT g.[principal_id] FROM @grantee AS g)
    OR s.[schema_id] IN (SELECT o.[schema_id] FROM sys.objects AS o JOIN @reached AS b ON b.[object_id] = o.[object_id])
    OR EXISTS (
      SELECT 1
      FROM sys.database_permissions AS p
      JOIN @grantee AS g ON g.[principal_id] = p.[grantee_principal_id]
      WHERE p.[class] = 3 AND p.[major_id] = s.[schema_id]
    );

  -- One that leads from a tenant to others shows that there are such rows, or changes them. It does not where it pairs the tenant's columns and
  -- keeps them, nor where it only asks for a row of a table that everybody may read and nobody changes.
  INSERT INTO @item ([kind], [object], [definition])
  SELECT N'foreign key', CONCAT(s.[name] COLLATE Latin1_General_100_BIN2, N'.', o.[name] COLLATE Latin1_General_100_BIN2, N' ', fk.[name] COLLATE Latin1_General_100_BIN2),
    CONCAT(CAST(OBJECT_SCHEMA_NAME(fk.[referenced_object_id]) AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N'.',
      OBJECT_NAME(fk.[referenced_object_id]) COLLATE Latin1_General_100_BIN2, N'|', l.[columns], N'|',
      fk.[delete_referential_action], fk.[update_referential_action], fk.[is_disabled], fk.[is_not_for_replication])
  FROM sys.foreign_keys AS fk
  JOIN sys.objects AS o ON o.[object_id] = fk.[parent_object_id]
  JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
  JOIN sys.objects AS t ON t.[object_id] = fk.[referenced_object_id]
  JOIN sys.schemas AS u ON u.[schema_id] = t.[schema_id]
  CROSS APPLY (
    SELECT STRING_AGG(CONCAT(CAST(child.[name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N' ', parent.[name] COLLATE Latin1_General_100_BIN2), N',')
      WITHIN GROUP (ORDER BY c.[constraint_column_id]) AS [columns]
    FROM sys.foreign_key_columns AS c
    JOIN sys.columns AS child ON child.[object_id] = c.[parent_object_id] AND child.[column_id] = c.[parent_column_id]
    JOIN sys.columns AS parent ON parent.[object_id] = c.[referenced_object_id] AND parent.[column_id] = c.[referenced_column_id]
    WHERE c.[constraint_object_id] = fk.[object_id]
  ) AS l
  WHERE EXISTS (SELECT 1 FROM @keyed AS b WHERE b.[object_id] IN (fk.[parent_object_id], fk.[referenced_object_id]))
    AND NOT (
      fk.[delete_referential_action] IN (0, 1) AND fk.[update_referential_action] IN (0, 1)
      AND EXISTS (
        SELECT 1
        FROM sys.foreign_key_columns AS c
        JOIN @tenants_column AS child ON child.[object_id] = c.[parent_object_id] AND child.[column_id] = c.[parent_column_id]
        JOIN @tenants_column AS parent ON parent.[object_id] = c.[referenced_object_id] AND parent.[column_id] = c.[referenced_column_id]
        WHERE c.[constraint_object_id] = fk.[object_id]
      )
    )
    AND NOT (
      fk.[delete_referential_action] = 0 AND fk.[update_referential_action] = 0
      AND NOT EXISTS (SELECT 1 FROM sys.security_predicates AS p WHERE p.[target_object_id] = t.[object_id])
      AND COALESCE(t.[principal_id], u.[principal_id]) NOT IN (SELECT g.[principal_id] FROM @grantee AS g)
      AND EXISTS (
        SELECT 1
        FROM sys.database_permissions AS p
        JOIN @grantee AS g ON g.[principal_id] = p.[grantee_principal_id]
        WHERE p.[state] IN (N'G', N'W') AND p.[permission_name] = N'SELECT' AND p.[minor_id] = 0
          AND (p.[class] = 0 OR (p.[class] = 1 AND p.[major_id] = t.[object_id]) OR (p.[class] = 3 AND p.[major_id] = t.[schema_id]))
      )
      AND NOT EXISTS (
        SELECT 1
        FROM sys.database_permissions AS p
        JOIN @grantee AS g ON g.[principal_id] = p.[grantee_principal_id]
        WHERE (p.[state] = N'D' AND p.[permission_name] = N'SELECT'
            OR p.[state] IN (N'G', N'W') AND p.[permission_name] IN (N'UPDATE', N'DELETE', N'ALTER', N'CONTROL', N'TAKE OWNERSHIP'))
          AND (p.[class] = 0 OR (p.[class] = 1 AND p.[major_id] = t.[object_id]) OR (p.[class] = 3 AND p.[major_id] = t.[schema_id]))
      )
    );

  -- A unique key without the tenant tells a tenant that another has a value.
  INSERT INTO @item ([kind], [object], [definition])
  SELECT N'unique key', CONCAT(s.[name] COLLATE Latin1_General_100_BIN2, N'.', o.[name] COLLATE Latin1_General_100_BIN2, N' ', x.[name] COLLATE Latin1_General_100_BIN2),
    l.[columns]
  FROM @reached AS b
  JOIN @tenants_column AS apart ON apart.[object_id] = b.[object_id]
  JOIN sys.objects AS o ON o.[object_id] = b.[object_id]
  JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
  JOIN sys.indexes AS x ON x.[object_id] = o.[object_id] AND x.[is_unique] = 1
  CROSS APPLY (
    SELECT STRING_AGG(CAST(c.[name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N',') WITHIN GROUP (ORDER BY ic.[key_ordinal]) AS [columns]
    FROM sys.index_columns AS ic
    JOIN sys.columns AS c ON c.[object_id] = ic.[object_id] AND c.[column_id] = ic.[column_id]
    WHERE ic.[object_id] = x.[object_id] AND ic.[index_id] = x.[index_id] AND ic.[is_included_column] = 0
  ) AS l
  WHERE NOT EXISTS (
    SELECT 1
    FROM sys.index_columns AS ic
    WHERE ic.[object_id] = x.[object_id] AND ic.[index_id] = x.[index_id] AND ic.[is_included_column] = 0 AND ic.[column_id] = apart.[column_id]
  );

  -- Rights to what is reached, and to the schemas and the database, of roles; to anything at all, of app. What public may do with the server's own
  -- views comes with the server. Who has given a right does not matter, nor which of app's logins has it.
  INSERT INTO @item ([kind], [object], [definition])
  SELECT N'rights', COALESCE(r.[target], CONCAT(r.[class_desc], N' ', r.[major_id])),
    CONCAT(CAST(r.[grantee] AS nvarchar(max)), N' ', r.[state], N' ', r.[permission_name], N' (' + r.[column] + N')')
  FROM (
    SELECT DISTINCT n.[name] AS [grantee], p.[class], p.[major_id], p.[class_desc] COLLATE Latin1_General_100_BIN2 AS [class_desc],
      p.[state] COLLATE Latin1_General_100_BIN2 AS [state], p.[permission_name] COLLATE Latin1_General_100_BIN2 AS [permission_name],
      c.[name] COLLATE Latin1_General_100_BIN2 AS [column],
      CASE p.[class]
        WHEN 0 THEN N'database'
        WHEN 1 THEN CONCAT(OBJECT_SCHEMA_NAME(p.[major_id]) COLLATE Latin1_General_100_BIN2, N'.', OBJECT_NAME(p.[major_id]) COLLATE Latin1_General_100_BIN2)
        WHEN 3 THEN CONCAT(N'schema ', SCHEMA_NAME(p.[major_id]) COLLATE Latin1_General_100_BIN2)
        WHEN 4 THEN CASE WHEN u.[type] = N'R' OR u.[name] = N'tenantry_definer' THEN CONCAT(N'principal ', u.[name] COLLATE Latin1_General_100_BIN2) ELSE N'a user' END
      END AS [target]
    FROM sys.database_permissions AS p
    JOIN @named AS n ON n.[principal_id] = p.[grantee_principal_id]
    LEFT JOIN sys.columns AS c ON p.[class] = 1 AND c.[object_id] = p.[major_id] AND c.[column_id] = p.[minor_id]
    LEFT JOIN sys.database_principals AS u ON p.[class] = 4 AND u.[principal_id] = p.[major_id]
    WHERE (p.[class] <> 1 OR p.[major_id] > 0 OR n.[name] <> N'public')
      AND (n.[is_grantee] = 1 OR p.[permission_name] <> N'CONNECT' OR n.[principal_id] NOT IN (SELECT e.[principal_id] FROM @beside AS e))
      AND (n.[is_grantee] = 1 OR p.[class] IN (0, 3) OR (p.[class] = 4 AND n.[principal_id] IN (SELECT e.[principal_id] FROM @beside AS e)) OR (p.[class] = 1 AND p.[major_id] IN (SELECT b.[object_id] FROM @reached AS b)))
  ) AS r;

  INSERT INTO @item ([kind], [object], [definition])
  SELECT N'role', p.[name] COLLATE Latin1_General_100_BIN2,
    CONCAT(CAST(p.[type] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N'|', p.[authentication_type], N'|',
      USER_NAME(p.[owning_principal_id]) COLLATE Latin1_General_100_BIN2, N'|', m.[groups])
  FROM sys.database_principals AS p
  OUTER APPLY (
    SELECT STRING_AGG(CAST(g.[name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N',') WITHIN GROUP (ORDER BY g.[name] COLLATE Latin1_General_100_BIN2) AS [groups]
    FROM sys.database_role_members AS m
    JOIN sys.database_principals AS g ON g.[principal_id] = m.[role_principal_id]
    WHERE m.[member_principal_id] = p.[principal_id]
  ) AS m
  WHERE p.[name] LIKE N'tenantry[_]%'
    AND (p.[type] = N'R' OR p.[name] = N'tenantry_definer')
  UNION ALL
  SELECT N'role', N'logins of app', CAST(g.[name] AS nvarchar(max)) FROM @grantee AS g WHERE g.[name] <> N'logins of app';

  -- Whom the logins for reports and of the mover may become, and who may become the user that sees all definitions.
  WITH above AS (
    SELECT e.[principal_id], e.[name] FROM @beside AS e
    UNION ALL
    SELECT m.[role_principal_id], a.[name] FROM sys.database_role_members AS m JOIN above AS a ON a.[principal_id] = m.[member_principal_id]
  )
  INSERT INTO @item ([kind], [object], [definition])
  SELECT DISTINCT N'role', a.[name], CONCAT(N'may be ', CAST(p.[name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2)
  FROM above AS a
  JOIN sys.database_principals AS p ON p.[principal_id] = a.[principal_id]
  WHERE p.[type] = N'R' AND NOT EXISTS (SELECT 1 FROM @beside AS e WHERE e.[principal_id] = a.[principal_id] AND e.[name] = a.[name])
  UNION ALL
  SELECT DISTINCT N'role', N'members of tenantry_definer',
    CONCAT(CASE WHEN g.[type] = N'R' THEN CAST(g.[name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 ELSE N'a user' END, N' ',
      p.[state] COLLATE Latin1_General_100_BIN2, N' ', p.[permission_name] COLLATE Latin1_General_100_BIN2)
  FROM sys.database_permissions AS p
  JOIN sys.database_principals AS u ON u.[principal_id] = p.[major_id] AND u.[name] = N'tenantry_definer'
  JOIN sys.database_principals AS g ON g.[principal_id] = p.[grantee_principal_id]
  WHERE p.[class] = 4;

  -- As whom routines run: predicates ask which roles he is a member of.
  WITH acting AS (
    SELECT DISTINCT CASE m.[execute_as_principal_id] WHEN -2 THEN COALESCE(o.[principal_id], s.[principal_id]) ELSE m.[execute_as_principal_id] END AS [principal_id]
    FROM sys.sql_modules AS m
    JOIN sys.objects AS o ON o.[object_id] = m.[object_id]
    JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
    WHERE m.[execute_as_principal_id] IS NOT NULL
  ), above AS (
    SELECT a.[principal_id] AS [actor_id], a.[principal_id] FROM acting AS a
    UNION ALL
    SELECT a.[actor_id], m.[role_principal_id] FROM sys.database_role_members AS m JOIN above AS a ON a.[principal_id] = m.[member_principal_id]
  )
  INSERT INTO @item ([kind], [object], [definition])
  SELECT DISTINCT N'role', w.[name] COLLATE Latin1_General_100_BIN2, CONCAT(N'may be ', CAST(p.[name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2)
  FROM above AS a
  JOIN sys.database_principals AS w ON w.[principal_id] = a.[actor_id]
  JOIN sys.database_principals AS p ON p.[principal_id] = a.[principal_id]
  WHERE a.[principal_id] <> a.[actor_id];

  -- Azure SQL Database (5) has no assemblies; a statement that names its views is not compiled there, because it does not run.
  IF CAST(SERVERPROPERTY(N'EngineEdition') AS int) <> 5
    INSERT INTO @item ([kind], [object], [definition])
    SELECT N'assembly', a.[name] COLLATE Latin1_General_100_BIN2,
      CONCAT(CAST(a.[permission_set_desc] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N'|', CONVERT(nvarchar(30), a.[modify_date], 126))
    FROM sys.assemblies AS a
    WHERE a.[is_user_defined] = 1
    UNION ALL
    SELECT N'assembly', a.[name] COLLATE Latin1_General_100_BIN2,
      CONCAT(CAST(s.[name] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, N'.', o.[name] COLLATE Latin1_General_100_BIN2, N'|',
        m.[assembly_class] COLLATE Latin1_General_100_BIN2, N'|', m.[assembly_method] COLLATE Latin1_General_100_BIN2, N'|',
        CASE m.[execute_as_principal_id] WHEN -2 THEN N'OWNER' ELSE USER_NAME(m.[execute_as_principal_id]) COLLATE Latin1_General_100_BIN2 END)
    FROM sys.assembly_modules AS m
    JOIN sys.assemblies AS a ON a.[assembly_id] = m.[assembly_id]
    JOIN sys.objects AS o ON o.[object_id] = m.[object_id]
    JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
    WHERE o.[object_id] IN (SELECT b.[object_id] FROM @reached AS b) OR o.[parent_object_id] IN (SELECT b.[object_id] FROM @reached AS b);

  -- By its name: on Azure SQL Database DB_ID() is of another numbering than this view.
  INSERT INTO @item ([kind], [object], [definition])
  SELECT N'database', N'this one', CONCAT(CAST(d.[is_trustworthy_on] AS nvarchar(max)), N'|', d.[is_db_chaining_on], N'|', d.[is_cdc_enabled], N'|', d.[containment])
  FROM sys.databases AS d
  WHERE d.[name] = DB_NAME();

  INSERT INTO @items ([kind], [object], [digest])
  SELECT i.[kind], i.[object],
    LEFT(LOWER(CONVERT(nvarchar(64),
      HASHBYTES(N'SHA2_256', STRING_AGG(CAST(i.[digest] AS nvarchar(max)), N',') WITHIN GROUP (ORDER BY i.[digest])), 2)), 32)
  FROM (
    SELECT e.[kind], e.[object], CONVERT(nvarchar(64), HASHBYTES(N'SHA2_256', e.[definition]), 2) AS [digest]
    FROM @item AS e
  ) AS i
  GROUP BY i.[kind], i.[object];
  RETURN;
END;
GO

-- The items as one.
CREATE FUNCTION [tenantry].[fingerprint]() RETURNS nvarchar(64)
AS
BEGIN
  RETURN (
    SELECT LOWER(CONVERT(nvarchar(64), HASHBYTES(N'SHA2_256', STRING_AGG(
      CONCAT(CAST(i.[kind] AS nvarchar(max)), NCHAR(10), i.[object], NCHAR(10), i.[digest]), NCHAR(10)) WITHIN GROUP (ORDER BY i.[kind], i.[object])), 2))
    FROM [tenantry].[fingerprint_items]() AS i
  );
END;
GO

-- What app's connections read of what was accepted: by functions, since whoever may read a table may lock it.
CREATE FUNCTION [tenantry].[acceptance]() RETURNS TABLE
AS
RETURN SELECT a.[format], a.[number], a.[fingerprint], a.[valid_until], a.[signature], g.[open], g.[accepted_until], g.[override_until], g.[override_number], g.[override_signature]
FROM [tenantry].[gate] AS g WITH (READCOMMITTEDLOCK, ROWLOCK)
LEFT JOIN [tenantry].[accepted] AS a WITH (READCOMMITTEDLOCK, ROWLOCK) ON a.[only_row] = g.[only_row];
GO

CREATE FUNCTION [tenantry].[accepted_items]() RETURNS TABLE
AS
RETURN SELECT i.[kind], i.[object], i.[digest] FROM [tenantry].[accepted_item] AS i WITH (READCOMMITTEDLOCK, ROWLOCK);
GO

GRANT SELECT ON [tenantry].[fingerprint_items] TO [tenantry_app];
GO
GRANT SELECT ON [tenantry].[acceptance] TO [tenantry_app];
GO
GRANT SELECT ON [tenantry].[accepted_items] TO [tenantry_app];
