create table tenants (id integer primary key, name text not null);
create table users (
  tenant_id integer not null references tenants,
  id integer not null,
  name text not null,
  primary key (tenant_id, id)
);
-- As it is written by hand, and kept beside the tables in a migration.
alter table users enable row level security;
create policy tenant_isolation on users using (tenant_id = current_setting('app.current_tenant')::integer);
