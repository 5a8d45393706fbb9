-- The tenant of the running transaction, in a setting that only superusers may set and that the definer was granted:
-- app can read it, and neither SET, set_config nor RESET can change it.
create function tenantry.set_context(tenant_key bytea) returns text
language sql volatile
begin atomic
  select pg_catalog.set_config('backtrace_functions', 'tenantry_' || pg_catalog.encode(tenant_key, 'hex'), true);
end;

-- The encoded key in hex, null where no tenant has entered (after a transaction the setting is '', not null).
create function tenantry.context() returns text
language sql stable parallel safe
begin atomic
  select case when pg_catalog.starts_with(pg_catalog.current_setting('backtrace_functions'), 'tenantry_')
    then pg_catalog.substr(pg_catalog.current_setting('backtrace_functions'), 10) end;
end;
