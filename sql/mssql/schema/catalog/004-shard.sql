CREATE TABLE [tenantry].[shard] (
  [shard_id] uniqueidentifier NOT NULL CONSTRAINT [shard_key] PRIMARY KEY,
  [map_id] int NOT NULL CONSTRAINT [shard_of_map] REFERENCES [tenantry].[shard_map] ([map_id]),
  [name] nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [shard_name] UNIQUE
    CONSTRAINT [shard_named] CHECK (DATALENGTH([name]) > 0),
  [engine] nvarchar(30) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [host] nvarchar(253) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT [shard_host] CHECK (DATALENGTH([host]) > 0),
  [port] int NOT NULL CONSTRAINT [shard_port] CHECK ([port] BETWEEN 1 AND 65535),
  [database] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT [shard_database] CHECK (DATALENGTH([database]) > 0),
  [tls] nvarchar(20) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [shard_tls] CHECK ([tls] IN (N'disable', N'require', N'verify-full', N'strict')),
  [incarnation] nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT [shard_unknown_incarnation] DEFAULT (N''),
  [state] nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [shard_state] CHECK ([state] IN (N'ADDING', N'ONLINE', N'REMOVING')),
  -- Numbers of what was accepted of it last and of the last override: none that is older is believed. Null: none.
  [accepted_number] bigint NULL,
  [override_number] bigint NULL,
  [operation_id] uniqueidentifier NULL CONSTRAINT [shard_operation] REFERENCES [tenantry].[operation] ([operation_id]),
  -- 30 + 253 + 128 characters are 822 bytes and the port: below the 1,700 that a key may have.
  CONSTRAINT [shard_address] UNIQUE ([engine], [host], [port], [database]),
  CONSTRAINT [shard_in_map] UNIQUE ([map_id], [shard_id]),
  CONSTRAINT [shard_held] CHECK ([state] = N'ONLINE' OR [operation_id] IS NOT NULL),
  CONSTRAINT [shard_known] CHECK ([state] = N'ADDING' OR DATALENGTH([incarnation]) > 0)
);
