CREATE SEQUENCE [tenantry].[mapping_id] AS int START WITH 1 INCREMENT BY 1 MINVALUE 1 NO CYCLE;
GO

-- Bytes are compared here as if the shorter side were filled up with zeros (0x80 = 0x8000), so a length stands beside each end:
-- (bytes, length) is exactly the order of keys, the shorter first where one begins the other. Without it the range that begins
-- before every key (0x) and the one that begins at the lowest integer (0x00000000) would have the same beginning.
CREATE TABLE [tenantry].[mapping] (
  [mapping_id] int NOT NULL CONSTRAINT [mapping_key] PRIMARY KEY,
  [map_id] int NOT NULL,
  [kind] nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT [mapping_kind] CHECK ([kind] IN (N'point', N'range')),
  [low] varbinary(128) NOT NULL,
  [low_length] int NOT NULL,
  [high] varbinary(128) NULL,
  [shard_id] uniqueidentifier NOT NULL,
  [state] nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [mapping_state] CHECK ([state] IN (N'ADDING', N'ONLINE', N'OFFLINE', N'REMOVING')),
  [epoch] bigint NOT NULL CONSTRAINT [mapping_epoch] CHECK ([epoch] >= 1),
  [operation_id] uniqueidentifier NULL CONSTRAINT [mapping_operation] REFERENCES [tenantry].[operation] ([operation_id]),
  -- A mapping is of its map's kind, on a shard of its map; a shard in use cannot be deleted.
  CONSTRAINT [mapping_of_map] FOREIGN KEY ([map_id], [kind]) REFERENCES [tenantry].[shard_map] ([map_id], [mapping_kind]),
  CONSTRAINT [mapping_on_shard] FOREIGN KEY ([map_id], [shard_id]) REFERENCES [tenantry].[shard] ([map_id], [shard_id]),
  -- A key has one mapping; also the index of every look-up.
  CONSTRAINT [mapping_low] UNIQUE ([map_id], [low], [low_length]),
  CONSTRAINT [mapping_low_length] CHECK ([low_length] = DATALENGTH([low])),
  CONSTRAINT [mapping_point] CHECK ([kind] = N'range' OR ([high] IS NULL AND [low_length] > 0)),
  CONSTRAINT [mapping_high] CHECK (DATALENGTH([high]) > 0),
  CONSTRAINT [mapping_ends] CHECK ([high] IS NULL OR [low] < [high] OR ([low] = [high] AND [low_length] < DATALENGTH([high]))),
  CONSTRAINT [mapping_held] CHECK ([state] IN (N'ONLINE', N'OFFLINE') OR [operation_id] IS NOT NULL),
  -- Not unique: two ranges that end at one key overlap, which the trigger below refuses.
  INDEX [mapping_end] ([map_id], [high]),
  INDEX [mapping_of_shard] ([shard_id], [mapping_id]),
  INDEX [mapping_of_operation] ([operation_id])
);
GO

-- A range of the map, other than this one, that has some of the keys from `low` to `high`. As no two ranges overlap, it is enough to look
-- at the one that begins last before `low`, whether it ends behind it, and at the first that begins behind, whether it begins before
-- `high`. HOLDLOCK keeps the gaps that were looked at until the transaction ends, so that nobody begins a range in them meanwhile;
-- UPDLOCK lets only one look at a time, as two that both held the gap shared would both wait to fill it (1205).
CREATE FUNCTION [tenantry].[overlapping](@map_id int, @mapping_id int, @low varbinary(128), @high varbinary(128)) RETURNS TABLE
AS
RETURN
SELECT before_it.[mapping_id]
FROM (
  SELECT TOP (1) p.[mapping_id], p.[high]
  FROM [tenantry].[mapping] AS p WITH (UPDLOCK, HOLDLOCK)
  WHERE p.[map_id] = @map_id AND p.[mapping_id] <> @mapping_id
    AND p.[low] <= @low AND NOT (p.[low] = @low AND p.[low_length] > DATALENGTH(@low))
  ORDER BY p.[low] DESC, p.[low_length] DESC
) AS before_it
WHERE before_it.[high] IS NULL OR before_it.[high] > @low
  OR (before_it.[high] = @low AND DATALENGTH(before_it.[high]) > DATALENGTH(@low))
UNION ALL
SELECT after_it.[mapping_id]
FROM (
  SELECT TOP (1) n.[mapping_id], n.[low], n.[low_length]
  FROM [tenantry].[mapping] AS n WITH (UPDLOCK, HOLDLOCK)
  WHERE n.[map_id] = @map_id AND n.[mapping_id] <> @mapping_id
    AND n.[low] >= @low AND NOT (n.[low] = @low AND n.[low_length] <= DATALENGTH(@low))
  ORDER BY n.[low], n.[low_length]
) AS after_it
WHERE @high IS NULL OR after_it.[low] < @high OR (after_it.[low] = @high AND after_it.[low_length] < DATALENGTH(@high));
GO

-- Ranges of a map do not overlap: PostgreSQL says it by an exclusion constraint, which SQL Server has not.
CREATE TRIGGER [tenantry].[mapping_overlap] ON [tenantry].[mapping] AFTER INSERT, UPDATE
AS
SET NOCOUNT ON;
-- An insert counts as an update of every column. A change of state or epoch alone looks at, and locks, nothing.
IF NOT (UPDATE([map_id]) OR UPDATE([kind]) OR UPDATE([low]) OR UPDATE([low_length]) OR UPDATE([high])) RETURN;
IF EXISTS (
  SELECT 1
  FROM inserted AS i
  CROSS APPLY [tenantry].[overlapping](i.[map_id], i.[mapping_id], i.[low], i.[high]) AS o
  WHERE i.[kind] = N'range'
)
  THROW 51015, N'RANGES_OVERLAP', 1;
