-- Other tokens for mappings that are at that epoch still and have the token that they are thought to have. Rows that somebody else
-- holds are left out, for another time: neither tenants nor operations are waited for, and none waits long for this.
-- @tokens jsonb
update tenantry.local_mapping m
set token = decode(c.token, 'hex')
from (
  select l.mapping_id, t."to" as token
  from jsonb_to_recordset(@tokens) as t ("mappingId" integer, "epoch" bigint, "from" text, "to" text)
  join tenantry.local_mapping l on l.mapping_id = t."mappingId" and l.epoch = t."epoch" and l.token = decode(t."from", 'hex')
  for no key update of l skip locked
) c
where m.mapping_id = c.mapping_id;
