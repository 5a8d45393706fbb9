create table "Employees" (
  "TenantId" integer not null,
  "Id" integer not null,
  "FirstName" text not null,
  "LastName" text not null,
  "OrganizationId" integer not null,
  primary key ("TenantId", "Id")
);
create table "Members" (
  "TenantId" integer not null,
  "AzureAdObjectId" uuid not null,
  "OrganizationId" integer not null,
  primary key ("TenantId", "AzureAdObjectId", "OrganizationId")
);
insert into "Employees" values (1, 1002, 'John', 'Doe', 1), (1, 1003, 'Jane', 'Doe', 2), (1, 1004, 'Jin', 'Doe', 2), (2, 1002, 'Joan', 'Doe', 2);
insert into "Members" values
  (1, '441def63-6f4b-483f-8b97-cc47c431d24f', 1),
  (1, 'e3be5238-1ece-4d72-8122-7c01bc398acb', 2),
  (1, '8c1c5f19-fe53-427d-8326-236c8a76813e', 2);
create role webapp login password 'webapp';
grant select on "Employees" to webapp;
