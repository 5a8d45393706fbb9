-- The row of locks goes with it, and so waits for whoever is still inside: not for long, and never at a tenant's cost.
-- @mappingId int
-- @state nvarchar(4000)
-- @epoch bigint
SET LOCK_TIMEOUT 5000;
SET DEADLOCK_PRIORITY LOW;
DELETE FROM [tenantry].[local_mapping]
WHERE [mapping_id] = @mappingId AND [state] = @state AND [epoch] = @epoch;
