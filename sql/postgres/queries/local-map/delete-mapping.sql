-- @mappingId integer
-- @state text
-- @epoch bigint
delete from tenantry.local_mapping
where mapping_id = @mappingId and state = @state and epoch = @epoch;
