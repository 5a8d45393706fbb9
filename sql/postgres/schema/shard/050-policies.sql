-- What the configuration says of the rows of a table, in its own words: by what a shard's policies are read back as they were written.
-- Nothing goes by it but who reads it, and finds out what it comes to.
create table tenantry.policy_model (
  schema_name text not null,
  table_name text not null,
  model text not null,
  primary key (schema_name, table_name)
);

-- Procedures that app was given to call since they were configured: what `policy apply` takes back of one that is so no more. What
-- somebody else gave stands in no row. By its number one is found that has another name since, or other arguments; by its name in a database
-- that was loaded from a dump, in which it has another number.
create table tenantry.exposed_procedure (
  schema_name text not null,
  routine_name text not null,
  arguments text not null,
  routine_id bigint not null,
  primary key (schema_name, routine_name, arguments, routine_id)
);

-- What a policy's expressions are as the server writes them back: by a search path of its own, so that they read the same to everybody.
create function tenantry.policy_text(policy oid) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select format('using %s check %s', coalesce(pg_get_expr(p.polqual, p.polrelid), 'none'), coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'none'))
    from pg_policy p
   where p.oid = policy
$$;

-- The mark of a policy as it is now: what it was made from, by the digest of whoever made it, and the digest of what it says.
create function tenantry.policy_mark(policy oid, rendered text) returns text
language sql stable
begin atomic
  select pg_catalog.concat('tenantry ', rendered, ' ', pg_catalog.md5(tenantry.policy_text(policy)));
end;

-- Keeps the mark as the policy's comment: it goes where the policy goes, and away with it.
create function tenantry.mark_policy(table_name text, policy_name text, rendered text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  marked constant regclass := table_name::regclass;
  policy constant oid := (select p.oid from pg_policy p where p.polrelid = marked and p.polname = policy_name);
begin
  execute format('comment on policy %I on %s is %L', policy_name, marked, tenantry.policy_mark(policy, rendered));
end
$$;
revoke execute on function tenantry.policy_text(oid), tenantry.policy_mark(oid, text), tenantry.mark_policy(text, text, text) from public;
grant execute on function tenantry.policy_text(oid), tenantry.policy_mark(oid, text) to tenantry_app;
