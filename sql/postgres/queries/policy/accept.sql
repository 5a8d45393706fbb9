-- Takes what was found for what is to be, and opens the gate.
-- @format integer
-- @number bigint
-- @fingerprint text
-- @items text
-- @tenantColumns text
-- @validUntilMs bigint
-- @signature bytea
-- @acceptedBy text
with item as (
  select i.kind, i.object, i.digest from jsonb_to_recordset(@items::jsonb) as i (kind text, object text, digest text)
), gone as (
  delete from tenantry_watch.accepted_item a
   where not exists (select from item i where i.kind = a.kind and i.object = a.object)
), kept as (
  insert into tenantry_watch.accepted_item (kind, object, digest)
  select i.kind, i.object, i.digest from item i
      on conflict (kind, object) do update set digest = excluded.digest
), tenant_column as (
  select c.name from jsonb_array_elements_text(@tenantColumns::jsonb) as c (name)
), other_columns as (
  delete from tenantry_watch.tenant_column t where not exists (select from tenant_column c where c.name = t.name)
), columns as (
  insert into tenantry_watch.tenant_column (name) select c.name from tenant_column c on conflict do nothing
), opened as (
  update tenantry_watch.gate set open = true, changed_at = clock_timestamp() where not open
)
insert into tenantry_watch.accepted (format, number, fingerprint, valid_until, signature, accepted_by)
values (@format, @number, @fingerprint, to_timestamp(@validUntilMs / 1000.0), @signature, @acceptedBy)
    on conflict (only_row) do update
   set format = excluded.format, number = excluded.number, fingerprint = excluded.fingerprint, valid_until = excluded.valid_until, signature = excluded.signature,
       accepted_at = clock_timestamp(), accepted_by = excluded.accepted_by
