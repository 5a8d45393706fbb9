-- Tables with every kind of protection. Every row says whose it is: what names tenant-2, or says that it is of boss, is nothing that tenant
-- 1 may see while its user is ann.
create table "Projects" (
  "TenantId" integer not null,
  "Id" integer not null,
  "Owner" text not null,
  "Text" text not null,
  primary key ("TenantId", "Id")
);
create table "Samples" (
  "TenantId" integer not null,
  "Id" integer not null,
  "Project" integer not null,
  "Text" text not null,
  primary key ("TenantId", "Id"),
  constraint "Samples_Project" foreign key ("TenantId", "Project") references "Projects"
);
create table "Papers" (
  "TenantId" integer not null,
  "Id" integer not null,
  "Text" text not null,
  primary key ("TenantId", "Id")
);
create table "Permissions" (
  "TenantId" integer not null,
  "User" text not null,
  "Paper" integer not null,
  "HasAccess" integer not null,
  primary key ("TenantId", "User", "Paper")
);
create table "Events" (
  "TenantId" integer not null,
  "Id" integer not null,
  "Text" text not null,
  primary key ("TenantId", "Id")
) partition by list ("TenantId");
create table "Events1" partition of "Events" for values in (1);
create table "Events2" partition of "Events" for values in (2);
create table "Countries" ("Id" integer primary key, "Text" text not null);
-- Nobody of app reaches these.
create table "Ledger" ("TenantId" integer not null, "Id" integer not null, "Text" text not null);
create table "EventsAside" (like "Events");
create materialized view "Everything" as select * from "Blogs";

insert into "Blogs" select t, i, format('tenant-%s blog %s', t, i) from generate_series(1, 2) t, generate_series(1, 2) i;
insert into "Projects" select t, i, case i when 1 then 'ann' else 'boss' end, format('tenant-%s project of %s', t, case i when 1 then 'ann' else 'boss' end)
  from generate_series(1, 2) t, generate_series(1, 2) i;
insert into "Samples" select t, i, i, format('tenant-%s sample of %s', t, case i when 1 then 'ann' else 'boss' end)
  from generate_series(1, 2) t, generate_series(1, 2) i;
insert into "Papers" select t, i, format('tenant-%s paper of %s', t, case i when 1 then 'ann' else 'boss' end)
  from generate_series(1, 2) t, generate_series(1, 2) i;
insert into "Permissions" select t, u, case u when 'ann' then 1 else 2 end, 1 from generate_series(1, 2) t, unnest(array['ann', 'boss']) u;
insert into "Permissions" values (1, 'ann', 2, 0);
insert into "Events" select t, i, format('tenant-%s event %s', t, i) from generate_series(1, 2) t, generate_series(1, 2) i;
insert into "Countries" values (1, 'Netherlands');
insert into "Ledger" values (2, 1, 'tenant-2 owes');
insert into "EventsAside" values (2, 9, 'tenant-2 event aside');
refresh materialized view "Everything";

create view "OwnBlogs" with (security_invoker = true) as select * from "Blogs";
grant select, insert, update, delete on "OwnBlogs" to tenantry_app;
create function list_blogs() returns setof text language sql stable as 'select "Name" from public."Blogs"';
create function every_blog() returns setof text language sql security definer as 'select "Name" from public."Blogs"';
create function refuse(value text) returns text language plpgsql as $$ begin raise exception 'no: %', value; end $$;
create function keep_copy() returns trigger language plpgsql security definer
  as $$ begin insert into public."Countries" values (old."TenantId" * 1000 + old."Id", old."Text"); return old; end $$;
grant execute on function list_blogs(), refuse(text) to tenantry_app;
-- Functions that app may call, and what they stand upon.
create function told_of() returns text language sql as $$ select 'nothing' $$;
create function tell() returns text language sql security definer as $$ select public.told_of() $$;
create view "Told" as select 'nothing'::text as "Text";
create function tell_more() returns setof text language sql security definer as $$ select "Text" from public."Told" $$;
create function note(value text) returns boolean language plpgsql security definer
  as $$ begin
    insert into public."Countries" select coalesce(max("Id"), 0) + 1, value from public."Countries";
    return true;
  end $$;
create function remember(value text) returns boolean language plpgsql immutable security definer
  as $$ begin return public.note(value); end $$;
grant execute on function tell(), tell_more(), remember(text) to tenantry_app;
create type stated as ("Text" text);
create function state(stated) returns text language sql as 'select ($1)."Text"';
create cast (stated as text) with function state(stated);
create function tell_state() returns text language sql security definer as $$ select row('nothing')::public.stated::text $$;
grant execute on function tell_state() to tenantry_app;
create domain word as text constraint said check (value <> '');
-- What these run stands in none of their texts.
create function is_own(whose integer, of integer) returns boolean language plpgsql stable as $$ begin return whose = tenantry.current_tenant(); end $$;
create function is_any(whose integer, of integer) returns boolean language plpgsql stable as $$ begin return true; end $$;
create function is_foreign(whose integer) returns boolean language sql as 'select whose is distinct from tenantry.current_tenant()';
create operator <<>> (function = is_own, leftarg = integer, rightarg = integer);
create operator <<=>> (function = is_any, leftarg = integer, rightarg = integer);
create function is_other(whose integer, of integer) returns boolean language plpgsql stable
  as $$ begin return whose is distinct from tenantry.current_tenant(); end $$;
create operator <!> (function = is_other, leftarg = integer, rightarg = integer);
create function tell_by_negator() returns setof text language plpgsql security definer
  as $$ begin return query select l."Text" from public."Ledger" l where not (l."TenantId" operator(public.<!>) 0); end $$;
create function tell_by_operator() returns setof text language plpgsql security definer
  as $$ begin return query select l."Text" from public."Ledger" l where l."TenantId" operator(public.<<>>) 0; end $$;
create function add_own(state text, whose integer, value text) returns text language sql
  as $$ select case when state like 'all%' or whose = tenantry.current_tenant() then concat(state, value) else state end $$;
create function add_any(state text, whose integer, value text) returns text language sql as 'select concat(state, value)';
create aggregate own_texts(integer, text) (sfunc = add_own, stype = text);
create aggregate any_texts(integer, text) (sfunc = add_any, stype = text);
create function tell_by_aggregate() returns text language plpgsql security definer
  as $$ begin return (select public.own_texts(l."TenantId", l."Text") from public."Ledger" l); end $$;
create type standing as enum ('open', 'kept');
create table "Standings" ("Text" text, "Standing" standing);
insert into "Standings" values ('nothing', 'open'), ('tenant-2 stands', 'kept');
create function tell_by_type() returns setof text language plpgsql security definer
  as $$ begin return query select s."Text" from public."Standings" s where s."Standing" = 'open'; end $$;
create domain whose as integer default tenantry.current_tenant();
create table "Given" ("Whose" whose, "Text" text);
create function give() returns text language plpgsql security definer
  as $$
  declare
    given text;
  begin
    insert into public."Given" ("Text") values ('x') returning 'tenant-' || "Whose" into given;
    delete from public."Given";
    return given;
  end $$;
create function noted_text() returns text language sql as $$ select 'nothing' $$;
create table "Asked" ("Text" text);
create table "Answered" ("Text" text);
create rule answered as on insert to "Asked" do also insert into "Answered" values (noted_text());
create function tell_by_rule() returns setof text language plpgsql security definer
  as $$ begin
    insert into public."Asked" values ('x');
    return query select a."Text" from public."Answered" a;
    delete from public."Answered";
    delete from public."Asked";
  end $$;
create function guarded() returns trigger language plpgsql as $$ begin raise exception 'not yours'; end $$;
create table "Guarded" ("Whose" integer, "Text" text);
create trigger guarded before insert on "Guarded" for each row when (is_foreign(new."Whose")) execute function guarded();
create function give_another() returns text language plpgsql security definer
  as $$ begin insert into public."Guarded" values (2, 'x'); return 'tenant-2 was given'; end $$;
create function pair() returns table (mine text, theirs text) language sql security definer
  as $$ select 'nothing'::text, (select string_agg("Text", ',') from public."Ledger") $$;
revoke execute on function pair() from public;
create function tell_mine() returns text language plpgsql security definer as $$ begin return (select p.mine from public.pair() p); end $$;
create function compared(integer, integer) returns integer language sql immutable as 'select btint4cmp($1, $2)';
grant execute on function is_own(integer, integer), is_any(integer, integer), tell_by_operator(), tell_by_negator(), tell_by_aggregate(), tell_by_type(), give(), tell_by_rule(), give_another(),
  tell_mine() to tenantry_app;
create rule noted as on delete to "Ledger" do also notify noted;
create sequence "Visits";
grant usage on sequence "Visits" to tenantry_app;
analyze;
