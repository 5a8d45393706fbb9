-- What a team has before it shards. The image of PostgreSQL runs this once, in the database that it makes.
create table "Blogs" (
  "TenantId" integer not null,
  "BlogId" integer not null,
  "Name" varchar(200) not null,
  primary key ("TenantId", "BlogId")
);
create table "Posts" (
  "TenantId" integer not null,
  "PostId" integer not null,
  "BlogId" integer not null,
  "Title" varchar(200) not null,
  primary key ("TenantId", "PostId"),
  foreign key ("TenantId", "BlogId") references "Blogs" ("TenantId", "BlogId")
);
