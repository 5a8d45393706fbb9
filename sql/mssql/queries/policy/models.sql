-- What the configuration said of each table's rows when its policies were made.
SELECT m.[schema_name] AS [schema], m.[table_name] AS [table], m.[model] AS [model]
FROM [tenantry].[policy_model] AS m
ORDER BY m.[schema_name], m.[table_name];
