-- @name nvarchar(4000)
DELETE FROM [tenantry].[fleet_key] WHERE [name] = @name;
