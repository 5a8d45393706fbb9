-- What came of trying a shard's protection, each time that somebody did: signed by the fleet key, so that nobody who may only write the
-- catalog makes one. They go with their shard.
CREATE TABLE [tenantry].[policy_verdict] (
  [verdict_id] bigint IDENTITY (1, 1) NOT NULL CONSTRAINT [policy_verdict_key] PRIMARY KEY,
  [shard_id] uniqueidentifier NOT NULL
    CONSTRAINT [policy_verdict_of] REFERENCES [tenantry].[shard] ([shard_id]) ON DELETE CASCADE,
  -- Milliseconds since 1970, by the clock of whoever signed it.
  [verified_at] bigint NOT NULL,
  [verified_by] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT [policy_verdict_by] CHECK (DATALENGTH([verified_by]) > 0),
  -- Of all that decided what app could see and do there.
  [fingerprint] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  -- How many statements were tried.
  [tried] int NOT NULL CONSTRAINT [policy_verdict_tried] CHECK ([tried] >= 0),
  -- One sentence for each thing that was not as it must be; none: it was sound. Never a value of a row.
  [problems] nvarchar(max) NOT NULL CONSTRAINT [policy_verdict_problems] CHECK (ISJSON([problems]) = 1),
  [signature] varbinary(32) NOT NULL CONSTRAINT [policy_verdict_signature] CHECK (DATALENGTH([signature]) = 32),
  INDEX [policy_verdict_latest] ([shard_id], [verdict_id] DESC)
);
