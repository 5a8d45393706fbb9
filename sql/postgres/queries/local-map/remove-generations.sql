-- @operationIds jsonb
delete from tenantry.operation_fence
where operation_id in (select cast(i.value as uuid) from jsonb_array_elements_text(@operationIds) i);
