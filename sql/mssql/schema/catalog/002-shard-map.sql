CREATE TABLE [tenantry].[shard_map] (
  [map_id] int IDENTITY (1, 1) NOT NULL CONSTRAINT [shard_map_key] PRIMARY KEY,
  [name] nvarchar(63) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [shard_map_name] UNIQUE
    CONSTRAINT [shard_map_named] CHECK (DATALENGTH([name]) > 0),
  [kind] nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
  -- What a mapping of this map is: stands here so that mappings can refer to it.
  [mapping_kind] nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [key_type] nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [shard_map_key_type] CHECK ([key_type] IN (N'int', N'bigint', N'uuid', N'string', N'bytes')),
  [context] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [shard_map_context] CHECK (DATALENGTH([context]) > 0),
  [version] bigint NOT NULL
    CONSTRAINT [shard_map_first_version] DEFAULT (0)
    CONSTRAINT [shard_map_version] CHECK ([version] >= 0),
  CONSTRAINT [shard_map_kinds] CHECK (
    ([kind] = N'list' AND [mapping_kind] = N'point') OR ([kind] = N'range' AND [mapping_kind] = N'range')
  ),
  CONSTRAINT [shard_map_mapping_kind] UNIQUE ([map_id], [mapping_kind])
);
