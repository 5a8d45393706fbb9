-- What of this shard's protection was accepted, and whether it still is so that tenants may be served. Whoever opens a connection for
-- them checks the signature, which nobody can make without the fleet key; `enter` goes by the gate, which is one row.
CREATE TABLE [tenantry].[accepted] (
  [only_row] bit NOT NULL CONSTRAINT [accepted_key] PRIMARY KEY
    CONSTRAINT [accepted_only_row] DEFAULT (1)
    CONSTRAINT [accepted_one_row] CHECK ([only_row] = 1),
  -- How the fingerprint is made and signed.
  [format] int NOT NULL,
  -- Greater than that of all acceptances before; signed, too. A program reads no greater one.
  [number] bigint NOT NULL CONSTRAINT [accepted_number] CHECK ([number] BETWEEN 0 AND 9007199254740991),
  -- Of everything that decides what app can see or do here, as `fingerprint_items` tells it.
  [fingerprint] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  -- Null: for good.
  [valid_until] datetime2(7) NULL,
  [signature] varbinary(32) NOT NULL CONSTRAINT [accepted_signature] CHECK (DATALENGTH([signature]) = 32),
  [accepted_at] datetime2(7) NOT NULL CONSTRAINT [accepted_now] DEFAULT (SYSUTCDATETIME()),
  [accepted_by] nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
  -- Another one after whatever was written to the row: nobody sets it.
  [row_version] rowversion NOT NULL
);
GO

-- The fingerprint's parts, so that what differs from it can be named.
CREATE TABLE [tenantry].[accepted_item] (
  [kind] nvarchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [object] nvarchar(600) COLLATE Latin1_General_100_BIN2 NOT NULL,
  [digest] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  CONSTRAINT [accepted_item_key] PRIMARY KEY NONCLUSTERED ([kind], [object])
);
GO

-- One row. Open while the protection is as it was accepted; closed in the transaction of the change after which it is not. Every
-- transaction of a tenant holds the row shared, so a change of it waits for all that are inside, and nobody who entered before runs a
-- statement after it (docs/decisions/019-gate-on-sql-server.md).
CREATE TABLE [tenantry].[gate] (
  [only_row] bit NOT NULL CONSTRAINT [gate_key] PRIMARY KEY
    CONSTRAINT [gate_only_row] DEFAULT (1)
    CONSTRAINT [gate_one_row] CHECK ([only_row] = 1),
  [open] bit NOT NULL CONSTRAINT [gate_closed_at_first] DEFAULT (0),
  -- Until when it lets tenants in while it is open, as what was accepted is; null: for good.
  [accepted_until] datetime2(7) NULL,
  [changed_at] datetime2(7) NOT NULL CONSTRAINT [gate_now] DEFAULT (SYSUTCDATETIME()),
  -- Until then it lets tenants in although it is closed, as somebody has decided and answers for.
  [override_until] datetime2(7) NULL,
  -- Greater than that of all overrides before.
  [override_number] bigint NULL CONSTRAINT [gate_override_number] CHECK ([override_number] BETWEEN 0 AND 9007199254740991),
  [override_reason] nvarchar(400) COLLATE Latin1_General_100_BIN2 NULL,
  [override_by] nvarchar(200) COLLATE Latin1_General_100_BIN2 NULL,
  [override_signature] varbinary(32) NULL CONSTRAINT [gate_override_signature] CHECK (DATALENGTH([override_signature]) = 32),
  [row_version] rowversion NOT NULL,
  CONSTRAINT [gate_override] CHECK (
    ([override_until] IS NULL AND [override_number] IS NULL AND [override_signature] IS NULL)
    OR ([override_until] IS NOT NULL AND [override_number] IS NOT NULL AND [override_signature] IS NOT NULL)
  )
);
GO

ALTER TABLE [tenantry].[gate] SET (LOCK_ESCALATION = DISABLE);
GO

INSERT INTO [tenantry].[gate] ([open]) VALUES (0);
GO

-- Who changed what in this database, as the trigger saw it; the last ten thousand changes.
CREATE TABLE [tenantry].[change_log] (
  [change_id] bigint IDENTITY (1, 1) NOT NULL CONSTRAINT [change_log_key] PRIMARY KEY,
  [changed_at] datetime2(7) NOT NULL CONSTRAINT [change_log_now] DEFAULT (SYSUTCDATETIME()),
  [login] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  -- `ALTER TABLE`.
  [command] nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  -- Where the command has one that can be named.
  [object] nvarchar(600) COLLATE Latin1_General_100_BIN2 NULL,
  [transaction_id] bigint NOT NULL,
  -- What it came to: `same`, `closed` or `opened`. Null while its transaction is one that accepts what it has changed before it ends; where that
  -- has ended without, until it is `accepted` with what is there.
  [verdict] nvarchar(10) COLLATE Latin1_General_100_BIN2 NULL
    CONSTRAINT [change_log_verdict] CHECK ([verdict] IN (N'same', N'closed', N'opened', N'accepted')),
  INDEX [change_log_unjudged] ([verdict], [transaction_id])
);
GO

-- Who looks for changes that nobody judged passes over rows that are locked, and not over a table.
ALTER TABLE [tenantry].[change_log] SET (LOCK_ESCALATION = DISABLE);
GO

-- Names of the columns that hold a tenant's key: a new table with one is covered when it is made.
CREATE TABLE [tenantry].[tenant_column] (
  [name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT [tenant_column_key] PRIMARY KEY
);
