-- Tenants inside hold the row of locks and not this one, which they only look at, so this does not wait for them. Who is refused
-- meanwhile is not refused for long, and a deadlock costs this statement, not a tenant's.
-- @mappingId int
-- @fromState nvarchar(4000)
-- @fromEpoch bigint
-- @toState nvarchar(4000)
-- @toEpoch bigint
-- @token varbinary(16)
SET LOCK_TIMEOUT 5000;
SET DEADLOCK_PRIORITY LOW;
UPDATE [tenantry].[local_mapping]
SET [state] = @toState, [epoch] = @toEpoch, [token] = @token
WHERE [mapping_id] = @mappingId AND [state] = @fromState AND [epoch] = @fromEpoch;
