/** A change of what protects a shard's tenants, how it is taken back, and the item of the fingerprint that it is. */
interface Change {
  readonly title: string;
  readonly change: string;
  readonly back: string;
  readonly item: { readonly kind: string; readonly object: string };
}

/** What the changes are made of: a table that nobody of app reaches, a procedure that app may run and one that it runs by that, a role. */
export const beforehand = `CREATE TABLE [dbo].[Secrets] ([SecretId] int NOT NULL PRIMARY KEY);
CREATE ROLE [auditors];
EXEC (N'CREATE PROCEDURE [dbo].[Inner] AS RETURN;');
EXEC (N'CREATE PROCEDURE [dbo].[Outer] AS RETURN;');
EXEC (N'ALTER PROCEDURE [dbo].[Inner] AS SELECT 1 AS [n];');
EXEC (N'ALTER PROCEDURE [dbo].[Outer] AS EXEC [dbo].[Inner];');
GRANT EXECUTE ON [dbo].[Outer] TO [tenantry_app];`;

const tenant = '[tenantry].[visible]([TenantId]) ON [dbo].[Blogs]';

/** Each of these on the Blogs of a shard, seen by the trigger of the database. */
export const changes: readonly Change[] = [
  {
    title: 'the security policy is switched off',
    change: 'ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = OFF)',
    back: 'ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = ON)',
    item: { kind: 'predicate', object: 'dbo.Blogs filter' },
  },
  {
    title: 'the filter predicate is dropped',
    change: 'ALTER SECURITY POLICY [tenantry].[policy_dbo] DROP FILTER PREDICATE ON [dbo].[Blogs]',
    back: `ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD FILTER PREDICATE ${tenant}`,
    item: { kind: 'predicate', object: 'dbo.Blogs filter' },
  },
  {
    title: 'the block predicate is dropped',
    change: 'ALTER SECURITY POLICY [tenantry].[policy_dbo] DROP BLOCK PREDICATE ON [dbo].[Blogs]',
    back: `ALTER SECURITY POLICY [tenantry].[policy_dbo] ADD BLOCK PREDICATE ${tenant}`,
    item: { kind: 'predicate', object: 'dbo.Blogs block' },
  },
  {
    title: 'app is given a right to another table',
    change: 'GRANT SELECT ON [dbo].[Secrets] TO [tenantry_app]',
    back: 'REVOKE SELECT ON [dbo].[Secrets] FROM [tenantry_app]',
    item: { kind: 'table', object: 'dbo.Secrets' },
  },
  {
    title: 'everybody is given a right to another table',
    change: 'GRANT SELECT ON [dbo].[Secrets] TO [public]',
    back: 'REVOKE SELECT ON [dbo].[Secrets] FROM [public]',
    item: { kind: 'rights', object: 'dbo.Secrets' },
  },
  {
    title: 'app is given a right to all tables of a schema',
    change: 'GRANT SELECT ON SCHEMA::[dbo] TO [tenantry_app]',
    back: 'REVOKE SELECT ON SCHEMA::[dbo] FROM [tenantry_app]',
    item: { kind: 'rights', object: 'schema dbo' },
  },
  {
    title: 'app becomes a member of another role',
    change: 'ALTER ROLE [auditors] ADD MEMBER [tenantry_app]',
    back: 'ALTER ROLE [auditors] DROP MEMBER [tenantry_app]',
    item: { kind: 'role', object: 'tenantry_app' },
  },
  {
    title: 'a procedure that app may run is another',
    change: "EXEC (N'ALTER PROCEDURE [dbo].[Outer] AS SELECT [SecretId] FROM [dbo].[Secrets];')",
    back: "EXEC (N'ALTER PROCEDURE [dbo].[Outer] AS EXEC [dbo].[Inner];')",
    item: { kind: 'procedure', object: 'dbo.Outer' },
  },
  {
    title: 'a procedure that another one runs for app is another',
    change: "EXEC (N'ALTER PROCEDURE [dbo].[Inner] WITH EXECUTE AS OWNER AS SELECT 1 AS [n];')",
    back: "EXEC (N'ALTER PROCEDURE [dbo].[Inner] AS SELECT 1 AS [n];')",
    item: { kind: 'procedure', object: 'dbo.Inner' },
  },
  {
    title: 'a trigger is put on a table',
    change:
      "EXEC (N'CREATE TRIGGER [dbo].[Spy] ON [dbo].[Blogs] AFTER INSERT AS INSERT INTO [dbo].[Secrets] ([SecretId]) SELECT i.[BlogId] FROM inserted AS i;')",
    back: 'DROP TRIGGER [dbo].[Spy]',
    item: { kind: 'trigger', object: 'dbo.Blogs Spy' },
  },
  {
    title: 'a table gets another owner',
    change: 'ALTER AUTHORIZATION ON OBJECT::[dbo].[Secrets] TO [tenantry_app]',
    back: 'ALTER AUTHORIZATION ON OBJECT::[dbo].[Secrets] TO SCHEMA OWNER',
    item: { kind: 'table', object: 'dbo.Secrets' },
  },
  {
    title: 'a foreign key leads from a tenant to others',
    change:
      'ALTER TABLE [dbo].[Blogs] WITH NOCHECK ADD CONSTRAINT [Led] FOREIGN KEY ([BlogId]) REFERENCES [dbo].[Secrets] ([SecretId]) ON DELETE CASCADE',
    back: 'ALTER TABLE [dbo].[Blogs] DROP CONSTRAINT [Led]',
    item: { kind: 'foreign key', object: 'dbo.Blogs Led' },
  },
];

/** What the trigger does not see: a new connection does. */
export const unseenChanges: readonly Change[] = [
  {
    title: 'the trigger against definitions is switched off',
    change: 'DISABLE TRIGGER [tenantry_no_definitions] ON DATABASE',
    back: 'ENABLE TRIGGER [tenantry_no_definitions] ON DATABASE',
    item: { kind: 'database trigger', object: 'tenantry_no_definitions' },
  },
  {
    title: 'the trigger that watches is switched off',
    change: 'DISABLE TRIGGER [tenantry_watching] ON DATABASE',
    back: 'ENABLE TRIGGER [tenantry_watching] ON DATABASE',
    item: { kind: 'database trigger', object: 'tenantry_watching' },
  },
  {
    title: 'routines may act outside of their database',
    change: 'ALTER DATABASE CURRENT SET TRUSTWORTHY ON',
    back: 'ALTER DATABASE CURRENT SET TRUSTWORTHY OFF',
    item: { kind: 'database', object: 'this one' },
  },
];

/** An ordinary migration: what protects nobody. */
export const harmless: readonly string[] = [
  'ALTER TABLE [dbo].[Blogs] ADD [Subtitle] nvarchar(100) NULL',
  'CREATE INDEX [by_name] ON [dbo].[Blogs] ([TenantId], [Name])',
  'UPDATE STATISTICS [dbo].[Blogs]',
  'ALTER TABLE [dbo].[Blogs] ADD CONSTRAINT [Paired] FOREIGN KEY ([TenantId], [BlogId]) REFERENCES [dbo].[Blogs] ([TenantId], [BlogId])',
  'ALTER TABLE [dbo].[Blogs] DROP CONSTRAINT [Paired]',
  'CREATE TABLE [dbo].[Notes] ([NoteId] int NOT NULL PRIMARY KEY)',
  "EXEC (N'CREATE PROCEDURE [dbo].[Nightly] AS SELECT 1 AS [n];')",
  'CREATE USER [somebody] WITHOUT LOGIN',
  'DROP PROCEDURE [dbo].[Nightly]',
  'DROP TABLE [dbo].[Notes]',
];

/** New tables with a column of tenants, and whether the tenant's predicates fit them. */
export const newTables: readonly { readonly table: string; readonly text: string; readonly covered: boolean }[] = [
  { table: 'Drafts', text: 'CREATE TABLE [dbo].[Drafts] ([TenantId] int NOT NULL, [DraftId] int NOT NULL)', covered: true },
  { table: 'Sheets', text: 'CREATE TABLE [dbo].[Sheets] ([TenantId] nvarchar(20) NOT NULL)', covered: false },
  { table: 'Colours', text: 'CREATE TABLE [dbo].[Colours] ([ColourId] int NOT NULL)', covered: false },
];
