-- @mappingId integer
-- @fromState text
-- @fromEpoch bigint
-- @toState text
-- @toEpoch bigint
-- @token bytea
update tenantry.local_mapping
set state = @toState, epoch = @toEpoch, token = @token
where mapping_id = @mappingId and state = @fromState and epoch = @fromEpoch;
