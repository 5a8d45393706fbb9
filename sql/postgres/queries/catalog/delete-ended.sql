-- @operationIds jsonb
delete from tenantry.operation o
where o.state in ('DONE', 'UNDONE')
  and o.operation_id in (select cast(i.value as uuid) from jsonb_array_elements_text(@operationIds) i);
