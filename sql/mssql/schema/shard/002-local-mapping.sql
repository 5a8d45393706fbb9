-- The local shard map: what this shard owns, owned, or is about to own. `enter` judges by it; app cannot read it.
CREATE TABLE [tenantry].[local_mapping] (
  [mapping_id] int NOT NULL CONSTRAINT [local_mapping_key] PRIMARY KEY,
  [kind] nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [local_mapping_kind] CHECK ([kind] IN (N'point', N'range')),
  -- A point's key, or a range's inclusive lower end; no bytes: from the beginning.
  [low] varbinary(128) NOT NULL,
  -- A range's exclusive upper end; null: to the end.
  [high] varbinary(128) NULL,
  [state] nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [local_mapping_state] CHECK ([state] IN (N'ONLINE', N'OFFLINE', N'INCOMING', N'DRAINING', N'MOVED')),
  [epoch] bigint NOT NULL CONSTRAINT [local_mapping_epoch] CHECK ([epoch] > 0),
  -- The token that an entry must present; a tombstone has none.
  [token] varbinary(16) NULL CONSTRAINT [local_mapping_token] CHECK (DATALENGTH([token]) = 16),
  -- Where a tombstone points.
  [moved_to] uniqueidentifier NULL,
  [moved_epoch] bigint NULL,
  CONSTRAINT [local_mapping_moved_epoch] CHECK ([moved_epoch] > [epoch]),
  CONSTRAINT [local_mapping_point] CHECK ([kind] = N'range' OR ([high] IS NULL AND DATALENGTH([low]) > 0)),
  CONSTRAINT [local_mapping_ends] CHECK (
    [high] IS NULL OR [low] < [high] OR ([low] = [high] AND DATALENGTH([low]) < DATALENGTH([high]))
  ),
  CONSTRAINT [local_mapping_tombstone] CHECK (
    ([state] = N'MOVED' AND [token] IS NULL AND [moved_to] IS NOT NULL AND [moved_epoch] IS NOT NULL)
    OR ([state] <> N'MOVED' AND [token] IS NOT NULL AND [moved_to] IS NULL AND [moved_epoch] IS NULL)
  ),
  -- For whoever adds a mapping and looks whether its keys are taken; `enter` goes by the primary key.
  INDEX [local_mapping_low] ([low])
);
GO

-- The locks of mappings: PostgreSQL's advisory locks, as rows. Every transaction of a tenant holds its mapping's row shared, a fence
-- holds it exclusively, and nobody ever changes it. A table apart from the states: were they one row, the change to DRAINING would
-- itself wait for every tenant inside, and whoever came meanwhile would wait behind it.
CREATE TABLE [tenantry].[mapping_fence] (
  [mapping_id] int NOT NULL CONSTRAINT [mapping_fence_key] PRIMARY KEY
    CONSTRAINT [mapping_fence_of] REFERENCES [tenantry].[local_mapping] ([mapping_id]) ON DELETE CASCADE
);
GO

-- One lock of the whole table instead of rows would shut every tenant out, or let a fence of one wait for all.
ALTER TABLE [tenantry].[local_mapping] SET (LOCK_ESCALATION = DISABLE);
GO
ALTER TABLE [tenantry].[mapping_fence] SET (LOCK_ESCALATION = DISABLE);
