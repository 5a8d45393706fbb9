-- The tenant of the running transaction, in a setting that only superusers may set and that the definer was granted:
-- app can read it, and neither SET, set_config nor RESET can change it.
create function tenantry.set_context(context text) returns text
language sql volatile
begin atomic
  select pg_catalog.set_config('backtrace_functions', context, true);
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
  select pg_catalog.current_setting('backtrace_functions');
end;
