-- The tenant of the running transaction, in an ordinary setting: app could change it, so nothing but the statements' own
-- good behaviour keeps tenants apart. For servers whose owner may not grant the guarded one.
create function tenantry.set_context(context text) returns text
language sql volatile
begin atomic
  select pg_catalog.set_config('tenantry.tenant', context, true);
end;

-- For a key whose context is not stored: `local_mapping` has those of points.
create function tenantry.set_context(tenant_key bytea) returns text
language sql volatile
begin atomic
  select tenantry.set_context('tenantry_x' || pg_catalog.encode(tenant_key, 'hex'));
end;

-- `tenantry_x` and the encoded key in hex; '' or null where no tenant has entered (after a transaction it is '', not null). Read
-- only by `current_tenant`, into whose text the planner inlines it.
create function tenantry.context() returns text
language sql stable parallel safe
begin atomic
  select pg_catalog.current_setting('tenantry.tenant', true);
end;
