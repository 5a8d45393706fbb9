-- No row where the id is taken: UPDLOCK and HOLDLOCK let only one look at a time. The row of locks is not counted.
-- @mappingId int
-- @kind nvarchar(4000)
-- @low varbinary(128)
-- @high varbinary(128)
-- @state nvarchar(4000)
-- @epoch bigint
-- @token varbinary(16)
INSERT INTO [tenantry].[local_mapping] ([mapping_id], [kind], [low], [high], [state], [epoch], [token])
SELECT @mappingId, @kind, @low, @high, @state, @epoch, @token
WHERE NOT EXISTS (SELECT 1 FROM [tenantry].[local_mapping] AS m WITH (UPDLOCK, HOLDLOCK) WHERE m.[mapping_id] = @mappingId);
SET NOCOUNT ON;
INSERT INTO [tenantry].[mapping_fence] ([mapping_id])
SELECT @mappingId
WHERE NOT EXISTS (SELECT 1 FROM [tenantry].[mapping_fence] AS f WITH (UPDLOCK, HOLDLOCK) WHERE f.[mapping_id] = @mappingId);
