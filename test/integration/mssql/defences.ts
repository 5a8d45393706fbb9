import { sql, sqlText } from '../../../src/core/sql.ts';
import { addPoint } from '../../support/add-point.ts';
import { sessionResidues } from '../../support/session-residues.ts';
import type { catalogue } from './attacks/catalogue.ts';
import type { Defence } from './support/attempts.ts';
import { entryOf, hex } from './support/entries.ts';
import { about, type World } from './support/world.ts';

const root =
  (...statements: readonly string[]): Defence =>
  async ({ root: server }) => {
    for (const statement of statements) await server.query(sqlText(statement));
  };
const admin =
  (statement: string): Defence =>
  ({ admin: shard }) =>
    shard.query(sqlText(statement));
const both =
  (...defences: readonly Defence[]): Defence =>
  async (world) => {
    for (const defence of defences) await defence(world);
  };
/** About the user of tenant traffic. */
const user =
  (before: string, after?: string): Defence =>
  ({ root: server, users }) =>
    server.query(about(users.app, before, after));
/** About its login, in the database where rights of the server are given. */
const login =
  (before: string): Defence =>
  ({ root: server, users }) =>
    server.query(sql`EXEC [master].sys.sp_executesql ${`${before} [${users.app}]`}`);

const policyOff = root('ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = OFF)');
const policyGone = root('DROP SECURITY POLICY [tenantry].[policy_dbo]');
const definesAnything = root('DISABLE TRIGGER [tenantry_no_definitions] ON DATABASE');
const owner = both(user('ALTER ROLE [db_owner] ADD MEMBER'), definesAnything);
const impersonates = (who: keyof World['users']): Defence => {
  return ({ root: server, users }) => server.query(sql`GRANT IMPERSONATE ON USER::${sql.id(users[who])} TO ${sql.id(users.app)}`);
};

/** The context as in schema/shard/010-context-plain: a key that can be set again. */
const plainContext = root(
  `ALTER PROCEDURE [tenantry].[set_context] @tenant sql_variant, @values nvarchar(4000) = NULL AS
    SET NOCOUNT ON; EXEC sys.sp_set_session_context @key = N'tenantry.tenant', @value = @tenant;`,
);
/** What a call brings besides, kept likewise, and left as it is where the next one brings nothing. */
const plainValues = root(
  `ALTER PROCEDURE [tenantry].[set_context] @tenant sql_variant, @values nvarchar(4000) = NULL AS
    SET NOCOUNT ON; EXEC sys.sp_set_session_context @key = N'tenantry.tenant', @value = @tenant;
    IF @values IS NOT NULL EXEC sys.sp_set_session_context @key = N'tenantry.values', @value = @values;`,
);
/** Whoever names a key is let in. */
const openDoor = root(
  `ALTER PROCEDURE [tenantry].[enter] @mapping int, @key varbinary(128), @epoch bigint, @token varbinary(16), @values nvarchar(4000) = NULL AS
    DECLARE @tenant sql_variant = [tenantry].[tenant_of](@key); EXEC [tenantry].[set_context] @tenant, @values; RETURN 0;`,
);
const withoutToken = admin(`UPDATE [tenantry].[local_mapping] SET [token] = ${hex(new Uint8Array(16))} WHERE [mapping_id] = 2`);

/** What the engine and the router look at before they let somebody in is not looked at. */
const careless: Defence = (world) => {
  world.careless = true;
  return Promise.resolve();
};
/** Connections are handed on as they are, and the context lets itself be set again. */
const handedOn = both(careless, plainContext);

const online = (mapping: number): Defence =>
  admin(`UPDATE [tenantry].[local_mapping] SET [state] = N'ONLINE' WHERE [mapping_id] = ${mapping}`);
const uniqueAcrossTenants = root('CREATE UNIQUE INDEX [one_of_all] ON [dbo].[Posts] ([PostId])');

/** For each attack: how its defence is switched off. A run with it off must leak. */
export const defences = {
  'no context': {
    'reading without a tenant': policyOff,
    'reading after the transaction of a tenant has ended': policyOff,
    'inserting without a tenant': policyOff,
    'inserting without a tenant, the tenant column left to its default': both(
      policyOff,
      root(`DECLARE @drop nvarchar(max) = (
          SELECT CONCAT(N'ALTER TABLE [dbo].[Blogs] DROP CONSTRAINT ', QUOTENAME(d.[name]))
          FROM sys.default_constraints AS d
          WHERE d.[parent_object_id] = OBJECT_ID(N'dbo.Blogs'));
        EXEC sys.sp_executesql @drop;
        ALTER TABLE [dbo].[Blogs] ADD DEFAULT (2) FOR [TenantId]`),
    ),
  },
  'rows of another tenant': {
    'reading by key': policyOff,
    'reading through a join, a sub-select, an APPLY and a set operation': policyOff,
    'reading with a condition that is always true': policyOff,
    'reading without locks, by an index that it names': policyOff,
    'reading as one text of JSON and XML': policyOff,
    'reading by dynamic SQL': policyOff,
    'reading into a temporary table': policyOff,
    'reading by a cursor': policyOff,
    'reading by a view of somebody else': policyOff,
    'reading the history of a temporal table': root('GRANT SELECT ON SCHEMA::[dbo] TO [tenantry_app]'),
    'reading which rows have changed': root('GRANT VIEW CHANGE TRACKING ON [dbo].[Blogs] TO [tenantry_app]'),
    'reading what change data capture keeps': careless,
    'inserting for another tenant': policyOff,
    'inserting many rows, one of them for another tenant': policyOff,
    'inserting the rows of a query for another tenant': policyOff,
    'inserting what dynamic SQL gives for another tenant': policyOff,
    'inserting from OPENJSON for another tenant': policyOff,
    'bulk loading for another tenant': policyOff,
    'moving a row of its own to another tenant': policyOff,
    'updating rows of another tenant': policyOff,
    'updating rows of another tenant that no filter hides': policyOff,
    'updating through a join': policyOff,
    'updating through a common table expression': policyOff,
    'having OUTPUT show what another tenant has': policyOff,
    'deleting rows of another tenant': policyOff,
    'deleting rows of another tenant that no filter hides': policyOff,
    'deleting through a join': policyOff,
    'merging into another tenant': policyOff,
    'merging a row of its own into another tenant': policyOff,
    'merging rows of another tenant away': policyOff,
    'locking a row of another tenant': policyOff,
    truncating: root('GRANT ALTER ON [dbo].[Posts] TO [tenantry_app]'),
    // A table that a schema-bound policy names is kept from definitions even where its owner makes them.
    'switching its rows out into another table': both(owner, policyGone),
  },
  'changing the context': {
    'by sp_set_session_context': plainContext,
    'by sp_set_session_context, to nothing at all and then another': plainContext,
    'by sp_set_session_context in dynamic SQL': plainContext,
    'by the routine that sets it': both(plainContext, root('GRANT EXECUTE ON [tenantry].[set_context] TO [tenantry_app]')),
    'by entering another mapping without its token': withoutToken,
    'by entering another mapping with its own token': admin(
      `UPDATE [tenantry].[local_mapping] SET [token] = ${hex(entryOf(1).token)} WHERE [mapping_id] = 2`,
    ),
    'by entering another mapping with no token at all': openDoor,
    'by entering its own mapping with another key': admin(
      "UPDATE [tenantry].[local_mapping] SET [kind] = N'range', [high] = NULL WHERE [mapping_id] = 1",
    ),
    'by entering another mapping, with its right token, after its own': plainContext,
    'by reading the tokens of the local shard map': root('GRANT SELECT ON [tenantry].[local_mapping] TO [tenantry_app]'),
  },
  'changing what a call brings': {
    'by sp_set_session_context': plainValues,
    'by sp_set_session_context, to nothing at all and then another': plainValues,
    'by sp_set_session_context, where the call brought none': plainValues,
    'by the routine that sets it': both(plainValues, root('GRANT EXECUTE ON [tenantry].[set_context] TO [tenantry_app]')),
    'by entering again, with its right token': plainValues,
    'by entering without its token': openDoor,
  },
  'what a call has brought': {
    'for a caller who brings nothing': both(careless, plainValues),
    'for a caller who brings nothing, after an error': both(careless, plainValues),
  },
  'becoming someone else': {
    'EXECUTE AS the superuser principal': impersonates('superuser'),
    'EXECUTE AS admin, for good': impersonates('admin'),
    'EXECUTE AS dbo, who switches the policy off': user('GRANT IMPERSONATE ON USER::[dbo] TO'),
    'EXECUTE AS a login of the server': login('GRANT IMPERSONATE ON LOGIN::[sa] TO'),
    'dynamic SQL as somebody else': impersonates('superuser'),
    SETUSER: user('ALTER ROLE [db_owner] ADD MEMBER'),
    'leaving its role for another': both(
      user('GRANT ALTER ON ROLE::[tenantry_superuser] TO'),
      user('GRANT ALTER ON ROLE::[tenantry_app] TO'),
      definesAnything,
    ),
    'a user of its own making': both(owner, root('GRANT SELECT ON [dbo].[Blogs] TO [tenantry_superuser]')),
  },
  'switching the policy off': {
    'ALTER SECURITY POLICY ... STATE = OFF': owner,
    'ALTER SECURITY POLICY ... DROP PREDICATE': owner,
    'DROP SECURITY POLICY': owner,
    'ALTER FUNCTION of the predicate': both(
      owner,
      policyGone,
      root(`CREATE SECURITY POLICY [tenantry].[policy_dbo]
        ADD FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Blogs] WITH (STATE = ON, SCHEMABINDING = OFF)`),
    ),
    'switching off the trigger that refuses definitions': owner,
    'ALTER AUTHORIZATION on a table': owner,
    'granting its role a right': owner,
    'DROP TABLE': both(owner, policyGone),
    'renaming a table': both(owner, policyGone),
    'creating a procedure that runs as another': owner,
    'creating a trigger on the table': owner,
    'calling a privileged procedure that nobody gave it': root('GRANT EXECUTE ON SCHEMA::[dbo] TO [tenantry_app]'),
    'another default schema for its own user': definesAnything,
    'shadowing a table by one in a schema of its own': owner,
    'a synonym in place of a table': owner,
  },
  oracles: {
    'a key that another tenant has is refused as taken': uniqueAcrossTenants,
    'a MERGE tells whether another tenant has a key': uniqueAcrossTenants,
    'a reference to a row of another tenant is accepted': both(
      admin('DELETE FROM [dbo].[Posts]; DELETE FROM [dbo].[Blogs] WHERE [TenantId] = 1'),
      root(`ALTER TABLE [dbo].[Posts] DROP CONSTRAINT [Posts_blog];
        ALTER TABLE [dbo].[Blogs] ADD CONSTRAINT [one_of_all] UNIQUE ([BlogId]);
        ALTER TABLE [dbo].[Posts] ADD CONSTRAINT [Posts_any_blog] FOREIGN KEY ([BlogId]) REFERENCES [dbo].[Blogs] ([BlogId])`),
    ),
    'a row that is only named is counted': policyOff,
  },
  statistics: {
    'the histogram of a column, by DBCC': user('ALTER ROLE [db_ddladmin] ADD MEMBER'),
    'the histogram of a column, by its view': user('ALTER ROLE [db_ddladmin] ADD MEMBER'),
    'the text of another session’s statement': login('GRANT VIEW SERVER STATE TO'),
    'the text of another session’s message': login('GRANT VIEW SERVER STATE TO'),
    'the texts in the cache of plans': login('GRANT VIEW SERVER STATE TO'),
    'the secrets of logins': login('GRANT CONTROL SERVER TO'),
    'files of the server': login('ALTER SERVER ROLE [sysadmin] ADD MEMBER'),
    'a copy of the database': owner,
  },
  'stale routers': {
    'with an epoch that is over': admin(
      `UPDATE [tenantry].[local_mapping] SET [epoch] = 4, [token] = ${hex(entryOf(2, 4).token)} WHERE [mapping_id] = 2`,
    ),
    'at a tombstone': admin(`UPDATE [tenantry].[local_mapping]
      SET [state] = N'ONLINE', [token] = ${hex(entryOf(3).token)}, [moved_to] = NULL, [moved_epoch] = NULL WHERE [mapping_id] = 3`),
    'at a mapping that is being drained': online(5),
    'at a mapping that is only coming': online(6),
    'at a mapping that is offline': online(8),
    'at a shard that never had the mapping': ({ admin: shard }) => addPoint(shard, entryOf(4)),
    'at a server that was restored or replaced': careless,
  },
  locks: {
    'holding the row of locks of another mapping': root('GRANT SELECT ON [tenantry].[mapping_fence] TO [tenantry_app]'),
    'changing the state of another mapping': root('GRANT SELECT, UPDATE ON [tenantry].[local_mapping] TO [tenantry_app]'),
    'taking the lock of policy changes': user('ALTER ROLE [tenantry_admin] ADD MEMBER'),
    'keeping a fence out by entering another mapping without its token': withoutToken,
    'ending another tenant’s session': login('GRANT ALTER ANY CONNECTION TO'),
  },
  'pooled session': Object.fromEntries(sessionResidues.map(({ title }) => [title, handedOn])),
  interrupted: {
    'an abort': handedOn,
    'a timeout': handedOn,
    'an error that ends its statement': handedOn,
    'an error that ends the message': handedOn,
    'an ended session': handedOn,
  },
  'values in errors': {
    'a value of the wrong form': careless,
    'a value that is too long': careless,
    'a key that is taken': careless,
    'what the statement throws': careless,
    'what the statement raises': careless,
    'a name that is not there': careless,
  },
} as const satisfies { readonly [Group in keyof typeof catalogue]: Readonly<Record<keyof (typeof catalogue)[Group], Defence>> };
