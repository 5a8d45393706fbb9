-- Lets tenants in until then although the gate is closed; null: no longer.
-- @number bigint
-- @untilMs bigint
-- @reason text
-- @decidedBy text
-- @signature bytea
update tenantry_watch.gate
   set override_until = to_timestamp(@untilMs / 1000.0), override_number = @number, override_reason = @reason, override_by = @decidedBy, override_signature = @signature
