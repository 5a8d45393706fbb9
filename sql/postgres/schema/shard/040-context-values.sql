-- Values that a call brings along besides its tenant, such as its user: kept behind the tenant in the same setting, and so as safe from
-- tenants' statements as the tenant itself. They are a JSON object of texts and lists of texts (src/core/context-values.ts).
create function tenantry.add_context_values(context_values text) returns text
language sql volatile
begin atomic
  select tenantry.set_context(
    tenantry.context() || 'tenantry_x' || pg_catalog.encode(pg_catalog.convert_to(context_values, 'UTF8'), 'hex'));
end;

-- `enter` for a call that brings some. Who may not enter may bring none: the first statement raises.
create function tenantry.enter(mapping integer, tenant_key bytea, ticket bytea, context_values text) returns void
language plpgsql volatile security definer
as $$
begin
  perform tenantry.enter(mapping, tenant_key, ticket);
  perform tenantry.add_context_values(context_values);
end
$$;

create function tenantry.enter_read_only(mapping integer, tenant_key bytea, ticket bytea, context_values text) returns void
language plpgsql volatile security definer
as $$
begin
  perform tenantry.enter_read_only(mapping, tenant_key, ticket);
  perform tenantry.add_context_values(context_values);
end
$$;

-- All that the call has brought, null where it has brought nothing.
create function tenantry.context_values() returns jsonb
language sql stable parallel safe
begin atomic
  select pg_catalog.convert_from(
    pg_catalog.decode(nullif(pg_catalog.split_part(tenantry.context(), 'tenantry_x', 3), ''), 'hex'), 'UTF8')::jsonb;
end;

-- One value as text, null where the call has not brought it, or a list of that name: the text of a list is nobody's value. In a
-- policy it stands in a sub-select, so that it is asked once. plpgsql, because it looks at the values once: half the time of an expression.
create function tenantry.context_value(name text) returns text
language plpgsql stable parallel safe
as $$
declare
  found_value constant pg_catalog.jsonb := tenantry.context_values() operator(pg_catalog.->) name;
begin
  if pg_catalog.jsonb_typeof(found_value) operator(pg_catalog.=) 'string' then
    return found_value operator(pg_catalog.#>>) '{}';
  end if;
  return null;
end
$$;

-- Whether a list holds a text; null where the call has brought none.
create function tenantry.context_holds(name text, item text) returns boolean
language sql stable parallel safe
begin atomic
  select pg_catalog.jsonb_build_array(item) operator(pg_catalog.<@) (tenantry.context_values() -> name);
end;

-- A list, empty where the call has not brought it, or one value of that name.
create function tenantry.context_list(name text) returns text[]
language sql stable parallel safe
begin atomic
  select array(
    select pg_catalog.jsonb_array_elements_text(
      case pg_catalog.jsonb_typeof(tenantry.context_values() -> name) when 'array' then tenantry.context_values() -> name end));
end;

revoke execute on function
  tenantry.add_context_values(text),
  tenantry.enter(integer, bytea, bytea, text),
  tenantry.enter_read_only(integer, bytea, bytea, text),
  tenantry.context_values(), tenantry.context_value(text), tenantry.context_holds(text, text), tenantry.context_list(text)
  from public;
grant execute on function tenantry.add_context_values(text) to tenantry_definer;
grant execute on function
  tenantry.context_values(), tenantry.context_value(text), tenantry.context_holds(text, text), tenantry.context_list(text)
  to tenantry_app, tenantry_superuser, tenantry_mover;
grant execute on function
  tenantry.enter(integer, bytea, bytea, text),
  tenantry.enter_read_only(integer, bytea, bytea, text)
  to tenantry_app;
alter function tenantry.enter(integer, bytea, bytea, text) owner to tenantry_definer;
alter function tenantry.enter_read_only(integer, bytea, bytea, text) owner to tenantry_definer;
