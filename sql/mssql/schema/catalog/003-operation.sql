-- The log. A row changes by compare-and-swap on state and generation only; the clock of leases is this server's (UTC).
CREATE TABLE [tenantry].[operation] (
  [operation_id] uniqueidentifier NOT NULL CONSTRAINT [operation_key] PRIMARY KEY,
  [map_id] int NOT NULL CONSTRAINT [operation_map] REFERENCES [tenantry].[shard_map] ([map_id]),
  [kind] nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [payload] nvarchar(max) NOT NULL CONSTRAINT [operation_payload] CHECK (ISJSON([payload]) = 1),
  [state] nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [generation] bigint NOT NULL
    CONSTRAINT [operation_first_generation] DEFAULT (1)
    CONSTRAINT [operation_generation] CHECK ([generation] >= 1),
  [lease_until] datetime2(7) NOT NULL,
  -- Why it was given up: a code of the error catalogue.
  [failure] nvarchar(100) COLLATE Latin1_General_100_BIN2 NULL,
  [started_at] datetime2(7) NOT NULL CONSTRAINT [operation_started] DEFAULT (SYSUTCDATETIME()),
  [changed_at] datetime2(7) NOT NULL CONSTRAINT [operation_changed] DEFAULT (SYSUTCDATETIME()),
  INDEX [operation_unfinished] ([state], [started_at]),
  INDEX [operation_ended] ([state], [changed_at])
);
