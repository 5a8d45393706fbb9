-- Who did what to which part of the fleet: a row before it is done, and one after. Rows are added and never changed; the clock is this
-- server's (UTC).
CREATE TABLE [tenantry].[audit] (
  [audit_id] bigint IDENTITY (1, 1) NOT NULL CONSTRAINT [audit_key] PRIMARY KEY,
  -- Of one run of a command.
  [run_id] uniqueidentifier NOT NULL,
  [recorded_at] datetime2(7) NOT NULL CONSTRAINT [audit_recorded] DEFAULT (SYSUTCDATETIME()),
  [actor] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT [audit_actor] CHECK (DATALENGTH([actor]) > 0),
  [action] nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT [audit_action] CHECK (DATALENGTH([action]) > 0),
  -- `shard a`
  [subject] nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT [audit_subject] CHECK (DATALENGTH([subject]) > 0),
  [outcome] nvarchar(10) COLLATE Latin1_General_100_BIN2 NOT NULL
    CONSTRAINT [audit_outcome] CHECK ([outcome] IN (N'BEGUN', N'DONE', N'FAILED')),
  -- Never a secret, nor a value of a row.
  [detail] nvarchar(max) NOT NULL CONSTRAINT [audit_detail] CHECK (ISJSON([detail]) = 1)
);
