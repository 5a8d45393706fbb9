-- The tenant of the running transaction, in an ordinary setting: app could change it, so nothing but the statements' own
-- good behaviour keeps tenants apart. For servers whose owner may not grant the guarded one.
create function tenantry.set_context(tenant_key bytea) returns text
language sql volatile
begin atomic
  select pg_catalog.set_config('tenantry.tenant', 'tenantry_' || pg_catalog.encode(tenant_key, 'hex'), true);
end;

-- The encoded key in hex, null where no tenant has entered (after a transaction the setting is '', not null).
create function tenantry.context() returns text
language sql stable parallel safe
begin atomic
  select case when pg_catalog.starts_with(pg_catalog.current_setting('tenantry.tenant', true), 'tenantry_')
    then pg_catalog.substr(pg_catalog.current_setting('tenantry.tenant', true), 10) end;
end;
