-- Two tenants of one shard. Every row says whose it is: what names tenant-2 is nothing that tenant 1 may see.
create table "Blogs" (
  "TenantId" integer not null,
  "BlogId" integer not null,
  "Name" text not null,
  primary key ("TenantId", "BlogId")
);
create table "Posts" (
  "TenantId" integer not null,
  "PostId" integer not null,
  "BlogId" integer not null,
  "Text" text not null,
  primary key ("TenantId", "PostId"),
  constraint "Posts_Blog" foreign key ("TenantId", "BlogId") references "Blogs"
);
create table "Events" (
  "TenantId" integer not null,
  "EventId" integer not null,
  "Text" text not null,
  primary key ("TenantId", "EventId")
) partition by list ("TenantId");
create table "Events1" partition of "Events" for values in (1);
create table "Events2" partition of "Events" for values in (2);
create table "Countries" ("Code" text primary key, "Name" text not null);

insert into "Blogs"
select tenant, blog, format('tenant-%s blog %s', tenant, blog) from generate_series(1, 2) tenant, generate_series(1, 2) blog;
insert into "Blogs" values (2, 7, 'tenant-2 has this one alone');
insert into "Posts"
select tenant, post, 1, format('tenant-%s post %s', tenant, post) from generate_series(1, 2) tenant, generate_series(1, 2) post;
insert into "Events"
select tenant, event, format('tenant-%s event %s', tenant, event) from generate_series(1, 2) tenant, generate_series(1, 2) event;
insert into "Countries" values ('NL', 'Netherlands');

-- What an operator may have made beside the tables.
create function every_blog() returns setof text language sql security definer as 'select "Name" from public."Blogs"';
create view owners_view with (security_invoker = true) as select * from "Blogs";
grant select on owners_view to tenantry_app;
create materialized view every_row as select * from "Blogs";
analyze;
create function tell(value text) returns boolean language plpgsql as $$ begin raise notice '%', value; return true; end $$;
grant execute on function tell(text) to tenantry_app;

-- Where tenants write in the course of an attack; compared by the attack itself.
create table "Notes" (
  "TenantId" integer not null,
  "NoteId" integer not null,
  "Text" text not null,
  primary key ("TenantId", "NoteId")
);
create function refuse(value text) returns text language plpgsql as $$ begin raise exception 'no: %', value using detail = value, hint = value; end $$;
grant execute on function refuse(text) to tenantry_app;
create table "Strict" (
  "TenantId" integer not null,
  "Name" text check ("Name" not like '%secret%'),
  "Filled" integer not null default 1,
  "BlogId" integer,
  primary key ("TenantId", "Name"),
  foreign key ("TenantId", "BlogId") references "Blogs" deferrable initially deferred
);
-- Rows of tenant 1's users; whose they are is decided by what a call brings besides its tenant (world-users.sql).
create table "Diaries" (
  "TenantId" integer not null,
  "DiaryId" integer not null,
  "Owner" text not null,
  "Text" text not null,
  primary key ("TenantId", "DiaryId")
);
insert into "Diaries" values (1, 1, 'ann', 'what ann wrote'), (1, 2, 'boss', 'a secret');
-- What a serial column has: app may take from it.
create sequence "Visits";
grant usage on sequence "Visits" to tenantry_app;
