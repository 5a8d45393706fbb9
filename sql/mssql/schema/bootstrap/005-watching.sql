-- What EVENTDATA tells is read as XML, for which both must be on when the trigger is made.
SET QUOTED_IDENTIFIER, ANSI_NULLS ON;
GO

-- Every change of this database's definitions and rights is noted and judged in its own transaction, by whomever it is made. It runs as a user
-- that sees all of them and that nobody logs in as: the caller may be anybody, a trigger of the database cannot be signed, and as its
-- owner it may not run. What says nothing of protection, and is done often, is left out.
CREATE OR ALTER TRIGGER [tenantry_watching] ON DATABASE WITH EXECUTE AS 'tenantry_definer' FOR DDL_DATABASE_LEVEL_EVENTS
AS
-- Methods of XML ask each session for these (1934); a reset of the connection forgets them.
SET NOCOUNT, XACT_ABORT, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL ON;
SET NUMERIC_ROUNDABORT OFF;
DECLARE @data xml = EVENTDATA();
DECLARE @event nvarchar(100) = @data.value(N'(/EVENT_INSTANCE/EventType)[1]', N'nvarchar(100)');
IF @event LIKE N'%[_]STATISTICS' OR @event LIKE N'%[_]INDEX' OR @event LIKE N'%[_]EXTENDED[_]PROPERTY' OR @event LIKE N'%[_]FULLTEXT[_]%' RETURN;
-- Until the schema is whole nothing of it has been accepted. Afterwards who drops what judges is refused.
IF OBJECT_ID(N'tenantry.note_change') IS NULL
BEGIN
  IF OBJECT_ID(N'tenantry.gate') IS NULL RETURN;
  IF NOT EXISTS (SELECT 1 FROM [tenantry].[gate] AS g WHERE g.[open] = 1) RETURN;
END;
DECLARE @login nvarchar(128) = COALESCE(@data.value(N'(/EVENT_INSTANCE/LoginName)[1]', N'nvarchar(128)'), ORIGINAL_LOGIN());
DECLARE @schema nvarchar(128) = NULLIF(@data.value(N'(/EVENT_INSTANCE/SchemaName)[1]', N'nvarchar(128)'), N'');
DECLARE @object nvarchar(128) = NULLIF(@data.value(N'(/EVENT_INSTANCE/ObjectName)[1]', N'nvarchar(128)'), N'');
DECLARE @target nvarchar(128) = NULLIF(COALESCE(@data.value(N'(/EVENT_INSTANCE/TargetObjectName)[1]', N'nvarchar(128)'),
  @data.value(N'(/EVENT_INSTANCE/RoleName)[1]', N'nvarchar(128)')), N'');
DECLARE @noted int;
EXEC @noted = [tenantry].[note_change] @login = @login, @event = @event, @schema = @schema, @object = @object, @target = @target;
IF @noted IS NULL OR @noted <> 0 THROW 51019, N'UNWATCHED', 1;
GO
ENABLE TRIGGER [tenantry_watching] ON DATABASE;
