-- Values that a call brings along besides its tenant, such as its user: in a key beside the tenant's, set by `enter` with it, and read-only
-- where the tenant's is. They are a JSON object of texts and lists of texts (src/core/context-values.ts).
-- What is shown of them has a binary collation: it decides every comparison with a parameter, a variable or a text ("Collation
-- Precedence"). OPENJSON gives values in that of the database, by which the user Ann may well be ann.

-- One value as text, no row where the call has not brought it.
CREATE FUNCTION [tenantry].[context_value](@name nvarchar(63)) RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN SELECT v.[value] COLLATE Latin1_General_100_BIN2 AS [value]
FROM OPENJSON(CAST(SESSION_CONTEXT(N'tenantry.values') AS nvarchar(4000))) AS v
WHERE v.[key] = @name COLLATE Latin1_General_BIN2 AND v.[type] = 1;
GO

-- The texts of a list, no row where the call has not brought it.
CREATE FUNCTION [tenantry].[context_list](@name nvarchar(63)) RETURNS TABLE
WITH SCHEMABINDING
AS
RETURN SELECT t.[value] COLLATE Latin1_General_100_BIN2 AS [value]
FROM OPENJSON(CAST(SESSION_CONTEXT(N'tenantry.values') AS nvarchar(4000))) AS v
CROSS APPLY OPENJSON(v.[value]) AS t
WHERE v.[key] = @name COLLATE Latin1_General_BIN2 AND v.[type] = 4;
GO
GRANT SELECT ON [tenantry].[context_value] TO [tenantry_app], [tenantry_superuser], [tenantry_mover];
GO
GRANT SELECT ON [tenantry].[context_list] TO [tenantry_app], [tenantry_superuser], [tenantry_mover];
