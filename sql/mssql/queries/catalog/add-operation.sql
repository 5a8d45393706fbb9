-- @operationId uniqueidentifier
-- @mapId int
-- @kind nvarchar(4000)
-- @payload nvarchar(max)
-- @state nvarchar(4000)
-- @leaseMs int
INSERT INTO [tenantry].[operation] ([operation_id], [map_id], [kind], [payload], [state], [lease_until])
VALUES (@operationId, @mapId, @kind, @payload, @state, DATEADD(millisecond, @leaseMs, SYSUTCDATETIME()));
