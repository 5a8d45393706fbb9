-- public.Blogs: row security
alter table "public"."Blogs" enable row level security;

-- public.Blogs: row security
alter table "public"."Blogs" force row level security;

-- public.Blogs: policy tenantry_tenant
drop policy if exists "tenantry_tenant" on "public"."Blogs";

-- public.Blogs: policy tenantry_tenant
create policy "tenantry_tenant" on "public"."Blogs" as restrictive for all to tenantry_app using ("TenantId" = (select tenantry.current_tenant())) with check ("TenantId" = (select tenantry.current_tenant()));

-- public.Blogs: policy tenantry_base
drop policy if exists "tenantry_base" on "public"."Blogs";

-- public.Blogs: policy tenantry_base
create policy "tenantry_base" on "public"."Blogs" as permissive for all to tenantry_app using (true) with check (true);

-- public.Blogs: policy tenantry_superuser
drop policy if exists "tenantry_superuser" on "public"."Blogs";

-- public.Blogs: policy tenantry_superuser
create policy "tenantry_superuser" on "public"."Blogs" as permissive for select to tenantry_superuser using (true);

-- public.Blogs: policy tenantry_mover
drop policy if exists "tenantry_mover" on "public"."Blogs";

-- public.Blogs: policy tenantry_mover
create policy "tenantry_mover" on "public"."Blogs" as permissive for all to tenantry_mover using (true) with check (true);

-- public.Blogs: policy tenantry_admin
drop policy if exists "tenantry_admin" on "public"."Blogs";

-- public.Blogs: policy tenantry_admin
create policy "tenantry_admin" on "public"."Blogs" as permissive for all to tenantry_admin using (true) with check (true);

-- public.Blogs: capture insert
drop trigger if exists "tenantry_capture_insert" on "public"."Blogs";

-- public.Blogs: capture insert
create trigger "tenantry_capture_insert" after insert on "public"."Blogs" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'BlogId');

-- public.Blogs: capture update
drop trigger if exists "tenantry_capture_update" on "public"."Blogs";

-- public.Blogs: capture update
create trigger "tenantry_capture_update" after update on "public"."Blogs" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'BlogId');

-- public.Blogs: capture delete
drop trigger if exists "tenantry_capture_delete" on "public"."Blogs";

-- public.Blogs: capture delete
create trigger "tenantry_capture_delete" after delete on "public"."Blogs" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'BlogId');

-- public.Blogs: capture truncate
drop trigger if exists "tenantry_capture_truncate" on "public"."Blogs";

-- public.Blogs: capture truncate
create trigger "tenantry_capture_truncate" before truncate on "public"."Blogs" for each statement execute function tenantry.refuse_truncate();

-- public.Blogs: default
alter table "public"."Blogs" alter column "TenantId" set default tenantry.current_tenant();

-- public.Blogs: rights of tenantry_app on its schema
revoke create on schema "public" from tenantry_app, public;

-- public.Blogs: rights of tenantry_app on its schema
grant usage on schema "public" to tenantry_app;

-- public.Blogs: rights of tenantry_superuser on its schema
revoke create on schema "public" from tenantry_superuser, public;

-- public.Blogs: rights of tenantry_superuser on its schema
grant usage on schema "public" to tenantry_superuser;

-- public.Blogs: rights of tenantry_mover on its schema
revoke create on schema "public" from tenantry_mover, public;

-- public.Blogs: rights of tenantry_mover on its schema
grant usage on schema "public" to tenantry_mover;

-- public.Blogs: rights of tenantry_app
revoke all on table "public"."Blogs" from tenantry_app;

-- public.Blogs: rights of tenantry_app
grant delete, insert, select, update on table "public"."Blogs" to tenantry_app;

-- public.Blogs: rights of tenantry_superuser
revoke all on table "public"."Blogs" from tenantry_superuser;

-- public.Blogs: rights of tenantry_superuser
grant select on table "public"."Blogs" to tenantry_superuser;

-- public.Blogs: rights of tenantry_mover
revoke all on table "public"."Blogs" from tenantry_mover;

-- public.Blogs: rights of tenantry_mover
grant delete, insert, select, update on table "public"."Blogs" to tenantry_mover;

-- public.Blogs: rights of public
revoke all on table "public"."Blogs" from public;

-- public.Countries: rights of tenantry_app on its schema
revoke create on schema "public" from tenantry_app, public;

-- public.Countries: rights of tenantry_app on its schema
grant usage on schema "public" to tenantry_app;

-- public.Countries: rights of tenantry_superuser on its schema
revoke create on schema "public" from tenantry_superuser, public;

-- public.Countries: rights of tenantry_superuser on its schema
grant usage on schema "public" to tenantry_superuser;

-- public.Countries: rights of tenantry_mover on its schema
revoke create on schema "public" from tenantry_mover, public;

-- public.Countries: rights of tenantry_mover on its schema
grant usage on schema "public" to tenantry_mover;

-- public.Countries: rights of tenantry_app
revoke all on table "public"."Countries" from tenantry_app;

-- public.Countries: rights of tenantry_app
grant select on table "public"."Countries" to tenantry_app;

-- public.Countries: rights of tenantry_superuser
revoke all on table "public"."Countries" from tenantry_superuser;

-- public.Countries: rights of tenantry_superuser
grant select on table "public"."Countries" to tenantry_superuser;

-- public.Countries: rights of tenantry_mover
revoke all on table "public"."Countries" from tenantry_mover;

-- public.Countries: rights of tenantry_mover
grant select on table "public"."Countries" to tenantry_mover;

-- public.Countries: rights of public
revoke all on table "public"."Countries" from public;

-- public.Members: row security
alter table "public"."Members" enable row level security;

-- public.Members: row security
alter table "public"."Members" force row level security;

-- public.Members: policy tenantry_tenant
drop policy if exists "tenantry_tenant" on "public"."Members";

-- public.Members: policy tenantry_tenant
create policy "tenantry_tenant" on "public"."Members" as restrictive for all to tenantry_app using ("TenantId" = (select tenantry.current_tenant())) with check ("TenantId" = (select tenantry.current_tenant()));

-- public.Members: policy tenantry_base
drop policy if exists "tenantry_base" on "public"."Members";

-- public.Members: policy tenantry_base
create policy "tenantry_base" on "public"."Members" as permissive for all to tenantry_app using (true) with check (true);

-- public.Members: policy tenantry_superuser
drop policy if exists "tenantry_superuser" on "public"."Members";

-- public.Members: policy tenantry_superuser
create policy "tenantry_superuser" on "public"."Members" as permissive for select to tenantry_superuser using (true);

-- public.Members: policy tenantry_mover
drop policy if exists "tenantry_mover" on "public"."Members";

-- public.Members: policy tenantry_mover
create policy "tenantry_mover" on "public"."Members" as permissive for all to tenantry_mover using (true) with check (true);

-- public.Members: policy tenantry_admin
drop policy if exists "tenantry_admin" on "public"."Members";

-- public.Members: policy tenantry_admin
create policy "tenantry_admin" on "public"."Members" as permissive for all to tenantry_admin using (true) with check (true);

-- public.Members: capture insert
drop trigger if exists "tenantry_capture_insert" on "public"."Members";

-- public.Members: capture insert
create trigger "tenantry_capture_insert" after insert on "public"."Members" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'ObjectId');

-- public.Members: capture update
drop trigger if exists "tenantry_capture_update" on "public"."Members";

-- public.Members: capture update
create trigger "tenantry_capture_update" after update on "public"."Members" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'ObjectId');

-- public.Members: capture delete
drop trigger if exists "tenantry_capture_delete" on "public"."Members";

-- public.Members: capture delete
create trigger "tenantry_capture_delete" after delete on "public"."Members" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'ObjectId');

-- public.Members: capture truncate
drop trigger if exists "tenantry_capture_truncate" on "public"."Members";

-- public.Members: capture truncate
create trigger "tenantry_capture_truncate" before truncate on "public"."Members" for each statement execute function tenantry.refuse_truncate();

-- public.Members: default
alter table "public"."Members" alter column "TenantId" set default tenantry.current_tenant();

-- public.Permissions: row security
alter table "public"."Permissions" enable row level security;

-- public.Permissions: row security
alter table "public"."Permissions" force row level security;

-- public.Permissions: policy tenantry_tenant
drop policy if exists "tenantry_tenant" on "public"."Permissions";

-- public.Permissions: policy tenantry_tenant
create policy "tenantry_tenant" on "public"."Permissions" as restrictive for all to tenantry_app using ("TenantId" = (select tenantry.current_tenant())) with check ("TenantId" = (select tenantry.current_tenant()));

-- public.Permissions: policy tenantry_base
drop policy if exists "tenantry_base" on "public"."Permissions";

-- public.Permissions: policy tenantry_base
create policy "tenantry_base" on "public"."Permissions" as permissive for all to tenantry_app using (true) with check (true);

-- public.Permissions: policy tenantry_superuser
drop policy if exists "tenantry_superuser" on "public"."Permissions";

-- public.Permissions: policy tenantry_superuser
create policy "tenantry_superuser" on "public"."Permissions" as permissive for select to tenantry_superuser using (true);

-- public.Permissions: policy tenantry_mover
drop policy if exists "tenantry_mover" on "public"."Permissions";

-- public.Permissions: policy tenantry_mover
create policy "tenantry_mover" on "public"."Permissions" as permissive for all to tenantry_mover using (true) with check (true);

-- public.Permissions: policy tenantry_admin
drop policy if exists "tenantry_admin" on "public"."Permissions";

-- public.Permissions: policy tenantry_admin
create policy "tenantry_admin" on "public"."Permissions" as permissive for all to tenantry_admin using (true) with check (true);

-- public.Permissions: policy tenantry_rows_granting_insert
drop policy if exists "tenantry_rows_granting_insert" on "public"."Permissions";

-- public.Permissions: policy tenantry_rows_granting_insert
create policy "tenantry_rows_granting_insert" on "public"."Permissions" as restrictive for insert to tenantry_app with check ((select tenantry.context_holds('roles', 'o''admin')));

-- public.Permissions: policy tenantry_rows_granting_insert
select tenantry.mark_policy('"public"."Permissions"', 'tenantry_rows_granting_insert', '3b83d5d29880ee341338ff7d68178d67');

-- public.Permissions: policy tenantry_rows_granting_update
drop policy if exists "tenantry_rows_granting_update" on "public"."Permissions";

-- public.Permissions: policy tenantry_rows_granting_update
create policy "tenantry_rows_granting_update" on "public"."Permissions" as restrictive for update to tenantry_app using ((select tenantry.context_holds('roles', 'o''admin'))) with check ((select tenantry.context_holds('roles', 'o''admin')));

-- public.Permissions: policy tenantry_rows_granting_update
select tenantry.mark_policy('"public"."Permissions"', 'tenantry_rows_granting_update', '1368df6614922dbeb92bd0eb55520f5a');

-- public.Permissions: policy tenantry_rows_granting_delete
drop policy if exists "tenantry_rows_granting_delete" on "public"."Permissions";

-- public.Permissions: policy tenantry_rows_granting_delete
create policy "tenantry_rows_granting_delete" on "public"."Permissions" as restrictive for delete to tenantry_app using ((select tenantry.context_holds('roles', 'o''admin')));

-- public.Permissions: policy tenantry_rows_granting_delete
select tenantry.mark_policy('"public"."Permissions"', 'tenantry_rows_granting_delete', '2f03b34ccf418d42077fe506553bf615');

-- public.Permissions: model
insert into tenantry.policy_model (schema_name, table_name, model) values ('public', 'Permissions', '{"context":{"roles":{"type":"strings"}},"tables":{"Permissions":{"tenant":"TenantId"}},"policies":{"granting":{"on":"Permissions","write":{"role":"o''admin","in":"roles"}}}}') on conflict (schema_name, table_name) do update set model = excluded.model;

-- public.Permissions: capture insert
drop trigger if exists "tenantry_capture_insert" on "public"."Permissions";

-- public.Permissions: capture insert
create trigger "tenantry_capture_insert" after insert on "public"."Permissions" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'UserId');

-- public.Permissions: capture update
drop trigger if exists "tenantry_capture_update" on "public"."Permissions";

-- public.Permissions: capture update
create trigger "tenantry_capture_update" after update on "public"."Permissions" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'UserId');

-- public.Permissions: capture delete
drop trigger if exists "tenantry_capture_delete" on "public"."Permissions";

-- public.Permissions: capture delete
create trigger "tenantry_capture_delete" after delete on "public"."Permissions" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'UserId');

-- public.Permissions: capture truncate
drop trigger if exists "tenantry_capture_truncate" on "public"."Permissions";

-- public.Permissions: capture truncate
create trigger "tenantry_capture_truncate" before truncate on "public"."Permissions" for each statement execute function tenantry.refuse_truncate();

-- public.Permissions: default
alter table "public"."Permissions" alter column "TenantId" set default tenantry.current_tenant();

-- public.Projects: row security
alter table "public"."Projects" enable row level security;

-- public.Projects: row security
alter table "public"."Projects" force row level security;

-- public.Projects: policy tenantry_tenant
drop policy if exists "tenantry_tenant" on "public"."Projects";

-- public.Projects: policy tenantry_tenant
create policy "tenantry_tenant" on "public"."Projects" as restrictive for all to tenantry_app using ("TenantId" = (select tenantry.current_tenant())) with check ("TenantId" = (select tenantry.current_tenant()));

-- public.Projects: policy tenantry_base
drop policy if exists "tenantry_base" on "public"."Projects";

-- public.Projects: policy tenantry_base
create policy "tenantry_base" on "public"."Projects" as permissive for all to tenantry_app using (true) with check (true);

-- public.Projects: policy tenantry_superuser
drop policy if exists "tenantry_superuser" on "public"."Projects";

-- public.Projects: policy tenantry_superuser
create policy "tenantry_superuser" on "public"."Projects" as permissive for select to tenantry_superuser using (true);

-- public.Projects: policy tenantry_mover
drop policy if exists "tenantry_mover" on "public"."Projects";

-- public.Projects: policy tenantry_mover
create policy "tenantry_mover" on "public"."Projects" as permissive for all to tenantry_mover using (true) with check (true);

-- public.Projects: policy tenantry_admin
drop policy if exists "tenantry_admin" on "public"."Projects";

-- public.Projects: policy tenantry_admin
create policy "tenantry_admin" on "public"."Projects" as permissive for all to tenantry_admin using (true) with check (true);

-- public.Projects: policy tenantry_rows_joined
drop policy if exists "tenantry_rows_joined" on "public"."Projects";

-- public.Projects: policy tenantry_rows_joined
create policy "tenantry_rows_joined" on "public"."Projects" as restrictive for all to tenantry_app using (exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "public"."Projects"."OrganizationId")) with check (exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "public"."Projects"."OrganizationId"));

-- public.Projects: policy tenantry_rows_joined
select tenantry.mark_policy('"public"."Projects"', 'tenantry_rows_joined', '441307bd5cde71959dc5a527f534127a');

-- public.Projects: model
insert into tenantry.policy_model (schema_name, table_name, model) values ('public', 'Projects', '{"context":{"objectId":{"type":"uuid"}},"tables":{"Members":{"tenant":"TenantId"},"Projects":{"tenant":"TenantId"}},"policies":{"joined":{"on":"Projects","rows":{"lookup":"Members","key":"ObjectId","is":"objectId","gives":"OrganizationId","of":"OrganizationId","few":false}}}}') on conflict (schema_name, table_name) do update set model = excluded.model;

-- public.Projects: capture insert
drop trigger if exists "tenantry_capture_insert" on "public"."Projects";

-- public.Projects: capture insert
create trigger "tenantry_capture_insert" after insert on "public"."Projects" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'Id');

-- public.Projects: capture update
drop trigger if exists "tenantry_capture_update" on "public"."Projects";

-- public.Projects: capture update
create trigger "tenantry_capture_update" after update on "public"."Projects" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'Id');

-- public.Projects: capture delete
drop trigger if exists "tenantry_capture_delete" on "public"."Projects";

-- public.Projects: capture delete
create trigger "tenantry_capture_delete" after delete on "public"."Projects" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'Id');

-- public.Projects: capture truncate
drop trigger if exists "tenantry_capture_truncate" on "public"."Projects";

-- public.Projects: capture truncate
create trigger "tenantry_capture_truncate" before truncate on "public"."Projects" for each statement execute function tenantry.refuse_truncate();

-- public.Projects: default
alter table "public"."Projects" alter column "TenantId" set default tenantry.current_tenant();

-- public.Samples: row security
alter table "public"."Samples" enable row level security;

-- public.Samples: row security
alter table "public"."Samples" force row level security;

-- public.Samples: policy tenantry_tenant
drop policy if exists "tenantry_tenant" on "public"."Samples";

-- public.Samples: policy tenantry_tenant
create policy "tenantry_tenant" on "public"."Samples" as restrictive for all to tenantry_app using ("TenantId" = (select tenantry.current_tenant())) with check ("TenantId" = (select tenantry.current_tenant()));

-- public.Samples: policy tenantry_base
drop policy if exists "tenantry_base" on "public"."Samples";

-- public.Samples: policy tenantry_base
create policy "tenantry_base" on "public"."Samples" as permissive for all to tenantry_app using (true) with check (true);

-- public.Samples: policy tenantry_superuser
drop policy if exists "tenantry_superuser" on "public"."Samples";

-- public.Samples: policy tenantry_superuser
create policy "tenantry_superuser" on "public"."Samples" as permissive for select to tenantry_superuser using (true);

-- public.Samples: policy tenantry_mover
drop policy if exists "tenantry_mover" on "public"."Samples";

-- public.Samples: policy tenantry_mover
create policy "tenantry_mover" on "public"."Samples" as permissive for all to tenantry_mover using (true) with check (true);

-- public.Samples: policy tenantry_admin
drop policy if exists "tenantry_admin" on "public"."Samples";

-- public.Samples: policy tenantry_admin
create policy "tenantry_admin" on "public"."Samples" as permissive for all to tenantry_admin using (true) with check (true);

-- public.Samples: policy tenantry_rows_loud_insert
drop policy if exists "tenantry_rows_loud_insert" on "public"."Samples";

-- public.Samples: policy tenantry_rows_loud_insert
create policy "tenantry_rows_loud_insert" on "public"."Samples" as restrictive for insert to tenantry_app with check ((
"Samples"."Title" = upper("Samples"."Title") -- loud
));

-- public.Samples: policy tenantry_rows_loud_insert
select tenantry.mark_policy('"public"."Samples"', 'tenantry_rows_loud_insert', 'a6cb24e194655801395269dde84ecef9');

-- public.Samples: policy tenantry_rows_mine_select
drop policy if exists "tenantry_rows_mine_select" on "public"."Samples";

-- public.Samples: policy tenantry_rows_mine_select
create policy "tenantry_rows_mine_select" on "public"."Samples" as restrictive for select to tenantry_app using (((select tenantry.context_holds('roles', 'admin')) or ("public"."Samples"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')) and exists (select from "public"."Projects" as "parent1" where "parent1"."Id" operator(pg_catalog.=) "public"."Samples"."ProjectId" and "parent1"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent1"."OrganizationId"))) or "public"."Samples"."Id" operator(pg_catalog.=) any (array(select "member"."SampleId" from "public"."Permissions" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."UserId" operator(pg_catalog.=) (select tenantry.context_value('userId')) and "member"."HasAccess"::integer operator(pg_catalog.=) 1))));

-- public.Samples: policy tenantry_rows_mine_select
select tenantry.mark_policy('"public"."Samples"', 'tenantry_rows_mine_select', '8b1c09aaeee36171498eab513e65714e');

-- public.Samples: policy tenantry_rows_mine_insert
drop policy if exists "tenantry_rows_mine_insert" on "public"."Samples";

-- public.Samples: policy tenantry_rows_mine_insert
create policy "tenantry_rows_mine_insert" on "public"."Samples" as restrictive for insert to tenantry_app with check ("public"."Samples"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')));

-- public.Samples: policy tenantry_rows_mine_insert
select tenantry.mark_policy('"public"."Samples"', 'tenantry_rows_mine_insert', '2273fda97fe7fbd660953640152f09cf');

-- public.Samples: policy tenantry_rows_mine_update
drop policy if exists "tenantry_rows_mine_update" on "public"."Samples";

-- public.Samples: policy tenantry_rows_mine_update
create policy "tenantry_rows_mine_update" on "public"."Samples" as restrictive for update to tenantry_app using ((((select tenantry.context_holds('roles', 'admin')) or ("public"."Samples"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')) and exists (select from "public"."Projects" as "parent1" where "parent1"."Id" operator(pg_catalog.=) "public"."Samples"."ProjectId" and "parent1"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent1"."OrganizationId"))) or "public"."Samples"."Id" operator(pg_catalog.=) any (array(select "member"."SampleId" from "public"."Permissions" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."UserId" operator(pg_catalog.=) (select tenantry.context_value('userId')) and "member"."HasAccess"::integer operator(pg_catalog.=) 1))) and "public"."Samples"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')))) with check ((((select tenantry.context_holds('roles', 'admin')) or ("public"."Samples"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')) and exists (select from "public"."Projects" as "parent1" where "parent1"."Id" operator(pg_catalog.=) "public"."Samples"."ProjectId" and "parent1"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent1"."OrganizationId"))) or "public"."Samples"."Id" operator(pg_catalog.=) any (array(select "member"."SampleId" from "public"."Permissions" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."UserId" operator(pg_catalog.=) (select tenantry.context_value('userId')) and "member"."HasAccess"::integer operator(pg_catalog.=) 1))) and "public"."Samples"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId'))));

-- public.Samples: policy tenantry_rows_mine_update
select tenantry.mark_policy('"public"."Samples"', 'tenantry_rows_mine_update', '44c2ff4840bd35634952f5a060083c5f');

-- public.Samples: policy tenantry_rows_mine_delete
drop policy if exists "tenantry_rows_mine_delete" on "public"."Samples";

-- public.Samples: policy tenantry_rows_mine_delete
create policy "tenantry_rows_mine_delete" on "public"."Samples" as restrictive for delete to tenantry_app using ((((select tenantry.context_holds('roles', 'admin')) or ("public"."Samples"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')) and exists (select from "public"."Projects" as "parent1" where "parent1"."Id" operator(pg_catalog.=) "public"."Samples"."ProjectId" and "parent1"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent1"."OrganizationId"))) or "public"."Samples"."Id" operator(pg_catalog.=) any (array(select "member"."SampleId" from "public"."Permissions" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."UserId" operator(pg_catalog.=) (select tenantry.context_value('userId')) and "member"."HasAccess"::integer operator(pg_catalog.=) 1))) and (select tenantry.context_holds('roles', 'admin'))));

-- public.Samples: policy tenantry_rows_mine_delete
select tenantry.mark_policy('"public"."Samples"', 'tenantry_rows_mine_delete', 'e84cfa5fbb24b7cd87f64240144a2c66');

-- public.Samples: model
insert into tenantry.policy_model (schema_name, table_name, model) values ('public', 'Samples',  E'{"context":{"roles":{"type":"strings"},"userId":{"type":"string"}},"tables":{"Permissions":{"tenant":"TenantId"},"Projects":{"tenant":"TenantId"},"Samples":{"tenant":"TenantId","parent":{"table":"Projects","columns":{"ProjectId":"Id"}}}},"policies":{"loud":{"on":"Samples","insert":{"raw":{"postgres":{"sql":"\\"Samples\\".\\"Title\\" = upper(\\"Samples\\".\\"Title\\") -- loud"},"mssql":{"sql":"UPPER([Title]) = [Title] -- loud"}},"columns":["Title"]}},"mine":{"on":"Samples","read":{"any":[{"role":"admin","in":"roles"},{"all":[{"owner":"Owner","is":"userId"},{"parent":"visible"}]},{"permission":"Permissions","user":"UserId","is":"userId","resource":"SampleId","of":"Id","access":"HasAccess","few":true}]},"write":{"owner":"Owner","is":"userId"},"delete":{"role":"admin","in":"roles"}}}}') on conflict (schema_name, table_name) do update set model = excluded.model;

-- public.Samples: capture insert
drop trigger if exists "tenantry_capture_insert" on "public"."Samples";

-- public.Samples: capture insert
create trigger "tenantry_capture_insert" after insert on "public"."Samples" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'Id');

-- public.Samples: capture update
drop trigger if exists "tenantry_capture_update" on "public"."Samples";

-- public.Samples: capture update
create trigger "tenantry_capture_update" after update on "public"."Samples" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'Id');

-- public.Samples: capture delete
drop trigger if exists "tenantry_capture_delete" on "public"."Samples";

-- public.Samples: capture delete
create trigger "tenantry_capture_delete" after delete on "public"."Samples" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'Id');

-- public.Samples: capture truncate
drop trigger if exists "tenantry_capture_truncate" on "public"."Samples";

-- public.Samples: capture truncate
create trigger "tenantry_capture_truncate" before truncate on "public"."Samples" for each statement execute function tenantry.refuse_truncate();

-- public.Samples: default
alter table "public"."Samples" alter column "TenantId" set default tenantry.current_tenant();

-- lab.Notes: row security
alter table "lab"."Notes" enable row level security;

-- lab.Notes: row security
alter table "lab"."Notes" force row level security;

-- lab.Notes: policy tenantry_tenant
drop policy if exists "tenantry_tenant" on "lab"."Notes";

-- lab.Notes: policy tenantry_tenant
create policy "tenantry_tenant" on "lab"."Notes" as restrictive for all to tenantry_app using ("TenantId" = (select tenantry.current_tenant())) with check ("TenantId" = (select tenantry.current_tenant()));

-- lab.Notes: policy tenantry_base
drop policy if exists "tenantry_base" on "lab"."Notes";

-- lab.Notes: policy tenantry_base
create policy "tenantry_base" on "lab"."Notes" as permissive for all to tenantry_app using (true) with check (true);

-- lab.Notes: policy tenantry_superuser
drop policy if exists "tenantry_superuser" on "lab"."Notes";

-- lab.Notes: policy tenantry_superuser
create policy "tenantry_superuser" on "lab"."Notes" as permissive for select to tenantry_superuser using (true);

-- lab.Notes: policy tenantry_mover
drop policy if exists "tenantry_mover" on "lab"."Notes";

-- lab.Notes: policy tenantry_mover
create policy "tenantry_mover" on "lab"."Notes" as permissive for all to tenantry_mover using (true) with check (true);

-- lab.Notes: policy tenantry_admin
drop policy if exists "tenantry_admin" on "lab"."Notes";

-- lab.Notes: policy tenantry_admin
create policy "tenantry_admin" on "lab"."Notes" as permissive for all to tenantry_admin using (true) with check (true);

-- lab.Notes: policy tenantry_rows_near
drop policy if exists "tenantry_rows_near" on "lab"."Notes";

-- lab.Notes: policy tenantry_rows_near
create policy "tenantry_rows_near" on "lab"."Notes" as restrictive for all to tenantry_app using ("lab"."Notes"."SampleId" operator(pg_catalog.=) any (array(select "parent1"."Id" from "public"."Samples" as "parent1" where "parent1"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and (((select tenantry.context_holds('roles', 'admin')) or ("parent1"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')) and exists (select from "public"."Projects" as "parent2" where "parent2"."Id" operator(pg_catalog.=) "parent1"."ProjectId" and "parent2"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent2"."OrganizationId"))) or "parent1"."Id" operator(pg_catalog.=) any (array(select "member"."SampleId" from "public"."Permissions" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."UserId" operator(pg_catalog.=) (select tenantry.context_value('userId')) and "member"."HasAccess"::integer operator(pg_catalog.=) 1))) and exists (select from "public"."Projects" as "parent2" where "parent2"."Id" operator(pg_catalog.=) "parent1"."ProjectId" and "parent2"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and (exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent2"."OrganizationId") and "parent2"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')))))))) with check ("lab"."Notes"."SampleId" operator(pg_catalog.=) any (array(select "parent1"."Id" from "public"."Samples" as "parent1" where "parent1"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and (((select tenantry.context_holds('roles', 'admin')) or ("parent1"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')) and exists (select from "public"."Projects" as "parent2" where "parent2"."Id" operator(pg_catalog.=) "parent1"."ProjectId" and "parent2"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent2"."OrganizationId"))) or "parent1"."Id" operator(pg_catalog.=) any (array(select "member"."SampleId" from "public"."Permissions" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."UserId" operator(pg_catalog.=) (select tenantry.context_value('userId')) and "member"."HasAccess"::integer operator(pg_catalog.=) 1))) and exists (select from "public"."Projects" as "parent2" where "parent2"."Id" operator(pg_catalog.=) "parent1"."ProjectId" and "parent2"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and (exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent2"."OrganizationId") and "parent2"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId'))))))));

-- lab.Notes: policy tenantry_rows_near
select tenantry.mark_policy('"lab"."Notes"', 'tenantry_rows_near', '2c93afbc846c7a9232b12e4517810633');

-- lab.Notes: policy tenantry_rows_seen_select
drop policy if exists "tenantry_rows_seen_select" on "lab"."Notes";

-- lab.Notes: policy tenantry_rows_seen_select
create policy "tenantry_rows_seen_select" on "lab"."Notes" as restrictive for select to tenantry_app using (exists (select from "public"."Samples" as "parent1" where "parent1"."Id" operator(pg_catalog.=) "lab"."Notes"."SampleId" and "parent1"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and ((select tenantry.context_holds('roles', 'admin')) or ("parent1"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')) and exists (select from "public"."Projects" as "parent2" where "parent2"."Id" operator(pg_catalog.=) "parent1"."ProjectId" and "parent2"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent2"."OrganizationId"))) or "parent1"."Id" operator(pg_catalog.=) any (array(select "member"."SampleId" from "public"."Permissions" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."UserId" operator(pg_catalog.=) (select tenantry.context_value('userId')) and "member"."HasAccess"::integer operator(pg_catalog.=) 1)))));

-- lab.Notes: policy tenantry_rows_seen_select
select tenantry.mark_policy('"lab"."Notes"', 'tenantry_rows_seen_select', '1f36987d4ca52073597ac09da7fcc519');

-- lab.Notes: policy tenantry_rows_seen_update
drop policy if exists "tenantry_rows_seen_update" on "lab"."Notes";

-- lab.Notes: policy tenantry_rows_seen_update
create policy "tenantry_rows_seen_update" on "lab"."Notes" as restrictive for update to tenantry_app using (exists (select from "public"."Samples" as "parent1" where "parent1"."Id" operator(pg_catalog.=) "lab"."Notes"."SampleId" and "parent1"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and ((select tenantry.context_holds('roles', 'admin')) or ("parent1"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')) and exists (select from "public"."Projects" as "parent2" where "parent2"."Id" operator(pg_catalog.=) "parent1"."ProjectId" and "parent2"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent2"."OrganizationId"))) or "parent1"."Id" operator(pg_catalog.=) any (array(select "member"."SampleId" from "public"."Permissions" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."UserId" operator(pg_catalog.=) (select tenantry.context_value('userId')) and "member"."HasAccess"::integer operator(pg_catalog.=) 1))))) with check (exists (select from "public"."Samples" as "parent1" where "parent1"."Id" operator(pg_catalog.=) "lab"."Notes"."SampleId" and "parent1"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and ((select tenantry.context_holds('roles', 'admin')) or ("parent1"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')) and exists (select from "public"."Projects" as "parent2" where "parent2"."Id" operator(pg_catalog.=) "parent1"."ProjectId" and "parent2"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent2"."OrganizationId"))) or "parent1"."Id" operator(pg_catalog.=) any (array(select "member"."SampleId" from "public"."Permissions" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."UserId" operator(pg_catalog.=) (select tenantry.context_value('userId')) and "member"."HasAccess"::integer operator(pg_catalog.=) 1)))));

-- lab.Notes: policy tenantry_rows_seen_update
select tenantry.mark_policy('"lab"."Notes"', 'tenantry_rows_seen_update', '9f579448c6491e0ed4ea0b0a3d1bb304');

-- lab.Notes: policy tenantry_rows_seen_delete
drop policy if exists "tenantry_rows_seen_delete" on "lab"."Notes";

-- lab.Notes: policy tenantry_rows_seen_delete
create policy "tenantry_rows_seen_delete" on "lab"."Notes" as restrictive for delete to tenantry_app using (exists (select from "public"."Samples" as "parent1" where "parent1"."Id" operator(pg_catalog.=) "lab"."Notes"."SampleId" and "parent1"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and ((select tenantry.context_holds('roles', 'admin')) or ("parent1"."Owner" operator(pg_catalog.=) (select tenantry.context_value('userId')) and exists (select from "public"."Projects" as "parent2" where "parent2"."Id" operator(pg_catalog.=) "parent1"."ProjectId" and "parent2"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and exists (select from "public"."Members" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."ObjectId" operator(pg_catalog.=) (select tenantry.context_value('objectId')::uuid) and "member"."OrganizationId" operator(pg_catalog.=) "parent2"."OrganizationId"))) or "parent1"."Id" operator(pg_catalog.=) any (array(select "member"."SampleId" from "public"."Permissions" as member where "member"."TenantId" operator(pg_catalog.=) (select tenantry.current_tenant()) and "member"."UserId" operator(pg_catalog.=) (select tenantry.context_value('userId')) and "member"."HasAccess"::integer operator(pg_catalog.=) 1)))));

-- lab.Notes: policy tenantry_rows_seen_delete
select tenantry.mark_policy('"lab"."Notes"', 'tenantry_rows_seen_delete', '19849587249eb285cbba371951a141f7');

-- lab.Notes: model
insert into tenantry.policy_model (schema_name, table_name, model) values ('lab', 'Notes', '{"context":{"userId":{"type":"string"}},"tables":{"Projects":{"tenant":"TenantId"},"Samples":{"tenant":"TenantId","parent":{"table":"Projects","columns":{"ProjectId":"Id"}}},"lab.Notes":{"tenant":"TenantId","parent":{"table":"Samples","columns":{"SampleId":"Id"}}}},"policies":{"near":{"on":"lab.Notes","rows":{"parent":{"parent":{"owner":"Owner","is":"userId"}},"few":true}},"seen":{"on":"lab.Notes","read":{"parent":"visible"}}}}') on conflict (schema_name, table_name) do update set model = excluded.model;

-- lab.Notes: capture insert
drop trigger if exists "tenantry_capture_insert" on "lab"."Notes";

-- lab.Notes: capture insert
create trigger "tenantry_capture_insert" after insert on "lab"."Notes" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'Id');

-- lab.Notes: capture update
drop trigger if exists "tenantry_capture_update" on "lab"."Notes";

-- lab.Notes: capture update
create trigger "tenantry_capture_update" after update on "lab"."Notes" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'Id');

-- lab.Notes: capture delete
drop trigger if exists "tenantry_capture_delete" on "lab"."Notes";

-- lab.Notes: capture delete
create trigger "tenantry_capture_delete" after delete on "lab"."Notes" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'TenantId', 'Id');

-- lab.Notes: capture truncate
drop trigger if exists "tenantry_capture_truncate" on "lab"."Notes";

-- lab.Notes: capture truncate
create trigger "tenantry_capture_truncate" before truncate on "lab"."Notes" for each statement execute function tenantry.refuse_truncate();

-- lab.Notes: default
alter table "lab"."Notes" alter column "TenantId" set default tenantry.current_tenant();
