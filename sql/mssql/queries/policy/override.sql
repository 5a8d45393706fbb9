-- Lets tenants in until then although the gate is closed; null: no longer.
-- @number bigint
-- @untilMs bigint
-- @reason nvarchar(400)
-- @decidedBy nvarchar(200)
-- @signature varbinary(32)
UPDATE [tenantry].[gate]
SET [override_until] = DATEADD(millisecond, CAST(@untilMs % 86400000 AS int), DATEADD(day, CAST(@untilMs / 86400000 AS int), CAST(N'1970-01-01' AS datetime2(7)))),
  [override_number] = @number, [override_reason] = @reason, [override_by] = @decidedBy, [override_signature] = @signature;
