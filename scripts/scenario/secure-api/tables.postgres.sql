create table "SensitiveData" (
  "TenantId" integer not null,
  "Id" integer not null,
  "FirstName" text not null,
  "LastName" text not null,
  primary key ("TenantId", "Id")
);
create table "EvenMoreSensitiveData" (
  "TenantId" integer not null,
  "Id" integer not null,
  "SensitiveDataId" integer not null,
  "SomeData1" integer not null,
  primary key ("TenantId", "Id"),
  foreign key ("TenantId", "SensitiveDataId") references "SensitiveData"
);
-- 1 permits and 0 denies; the key keeps both from standing there for one user and one row.
create table "SensitiveDataPermissions" (
  "TenantId" integer not null,
  "UserHashId" text not null,
  "SensitiveDataId" integer not null,
  "HasAccess" boolean not null default false,
  primary key ("TenantId", "UserHashId", "SensitiveDataId"),
  foreign key ("TenantId", "SensitiveDataId") references "SensitiveData"
);
insert into "SensitiveData" values (1, 1, 'Jane', 'Dean'), (1, 2, 'John', 'Doe'), (2, 1, 'Joan', 'Roe');
insert into "EvenMoreSensitiveData" values (1, 1, 1, 10), (1, 2, 1, 20), (1, 3, 1, 30), (1, 4, 2, 100), (1, 5, 2, 200), (2, 1, 1, 1);

-- It runs as whoever calls it, so that the policies of the tables it reads apply.
create function "GetEvenMoreSensitiveData"() returns jsonb
language sql stable
begin atomic
  select coalesce(jsonb_agg(jsonb_build_object(
           'Id', s."Id", 'FirstName', s."FirstName", 'LastName', s."LastName",
           'EvenMore', (select jsonb_agg(m."SomeData1" order by m."Id") from "EvenMoreSensitiveData" m
                         where m."TenantId" = s."TenantId" and m."SensitiveDataId" = s."Id")) order by s."Id"), '[]')
    from "SensitiveData" s;
end;
