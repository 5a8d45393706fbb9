create table "Users" ("TenantId" integer not null, "Id" text not null, "Name" text not null, primary key ("TenantId", "Id"));
create table "UserRoles" (
  "TenantId" integer not null,
  "UserId" text not null,
  "Role" text not null,
  primary key ("TenantId", "UserId", "Role"),
  foreign key ("TenantId", "UserId") references "Users" ("TenantId", "Id")
);
create table "RoleRights" (
  "TenantId" integer not null,
  "Role" text not null,
  "Api" text not null,
  "CanGet" boolean not null default false,
  "CanPost" boolean not null default false,
  "CanPatch" boolean not null default false,
  "CanDelete" boolean not null default false,
  primary key ("TenantId", "Role", "Api")
);
create table "Accounts" ("TenantId" integer not null, "Id" integer not null, "Holder" text not null, primary key ("TenantId", "Id"));
insert into "Users" values (1, 'ada', 'Ada'), (1, 'dev', 'Devi'), (1, 'stan', 'Stan'), (2, 'ada', 'Ada of tenant 2');
insert into "UserRoles" values (1, 'ada', 'admin'), (1, 'dev', 'developer'), (1, 'stan', 'standard');
insert into "RoleRights" values
  (1, 'admin', 'users', true, true, true, true),
  (1, 'admin', 'accounts', true, true, true, true),
  (1, 'developer', 'accounts', true, true, false, false),
  (2, 'admin', 'accounts', true, true, true, true);
insert into "Accounts" values (1, 1, 'First'), (1, 2, 'Second'), (2, 1, 'Of tenant 2');
