-- The tenant of the running transaction, in a setting that only superusers may set and that the definer was granted:
-- app can read it, and neither SET, set_config nor RESET can change it.
create function tenantry.set_context(context text) returns text
language sql volatile
begin atomic
  select pg_catalog.set_config('backtrace_functions', context, true);
end;

-- `tenantry_x` and the encoded key in hex, behind `captured_` while the mapping is captured; '' or null where no tenant has entered (after a transaction it is '', not null). Read
-- only by `current_tenant`, into whose text the planner inlines it.
create function tenantry.context() returns text
language sql stable parallel safe
begin atomic
  select pg_catalog.current_setting('backtrace_functions');
end;

-- Whether what is written now may be of a mapping that is captured. Asked for each row, by the triggers of 055-capture.sql alone: not of
-- what a tenant does whose mapping is not, unless a routine or a foreign key does it for him with somebody else's rights.
create function tenantry.may_be_captured() returns boolean
language plpgsql stable
as $$
begin
  return not pg_catalog.starts_with(pg_catalog.current_setting('backtrace_functions'), 'tenantry_') or current_user operator(pg_catalog.<>) session_user;
end
$$;
