-- The fleet's keys by their names, eight hex digits of a MAC, from which nobody learns a key: one, and two while it is rotated. Who is not
-- configured with each of them changes nothing, and serves nobody.
CREATE TABLE [tenantry].[fleet_key] (
  [name] nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT [fleet_key_key] PRIMARY KEY
    CONSTRAINT [fleet_key_name] CHECK ([name] LIKE N'[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
  [recorded_at] datetime2(7) NOT NULL CONSTRAINT [fleet_key_now] DEFAULT (SYSUTCDATETIME())
);
