import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { mssqlPolicyRenderer } from '../../../src/engine/mssql/policy-renderer.ts';
import { createMssqlProvisioner } from '../../../src/engine/mssql/provisioner.ts';
import { provision } from '../../../src/policy/provision.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import type { ConfiguredTable, PolicyResult } from '../../../src/policy/model.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { sharedDatabase } from './support/shared-database.ts';
import { createMssqlTestShard, type MssqlTestShard } from '../../support/mssql-shard.ts';
import { accepting } from '../../support/accepting.ts';
import { emptyDatabase } from '../../support/empty-database.ts';

const blogs = { table: 'Blogs', tenantColumn: 'TenantId' };
describeNeeding('mssql', 'a database that others use too, once it is a shard', () => {
  const engine = createMssqlEngine();
  let shard: MssqlTestShard;

  beforeAll(async () => {
    shard = await createMssqlTestShard({ text: sharedDatabase, routed: [blogs] });
  });
  afterAll(async () => await shard.close());

  const apply = async (table: ConfiguredTable): Promise<PolicyResult> =>
    await applyPolicies(
      shard.admin,
      { renderer: mssqlPolicyRenderer, dialect: engine.dialect, capabilitiesOf: engine.capabilitiesOf },
      { tables: [table], procedures: [], accepting: accepting(shard.shardId), keyType: 'int', dryRun: false },
    );

  test('keeps the owners of its tables and the rights to them', async () => {
    const owners = await shard.root.query(
      sql`SELECT [principal_id] AS [owner] FROM sys.tables WHERE [object_id] = OBJECT_ID(N'dbo.Blogs')`,
    );
    expect(owners.rows).toEqual([{ owner: null }]);
    const rights = await shard.root.query(sql`SELECT [permission_name] AS [right], [state] FROM sys.database_permissions
      WHERE [class] = 1 AND [major_id] = OBJECT_ID(N'dbo.Blogs') AND [grantee_principal_id] = DATABASE_PRINCIPAL_ID(N'support')`);
    expect(rights.rows).toEqual([{ right: 'SELECT', state: 'W' }]);
  });

  test('lets routines of the owner run for others, who see no row', async () => {
    const counted = await shard.root.query(sql`EXECUTE AS USER = N'support'; EXEC [dbo].[CountBlogs]; REVERT;`);
    expect(counted.rows).toEqual([{ count: 0 }]);
  });

  test('shows no row to its owner either', async () => {
    expect((await shard.root.query(sql`SELECT [BlogId] FROM [dbo].[Blogs]`)).rows).toEqual([]);
  });

  test('a right that an administrator gave to everybody is his to take back', async () => {
    await shard.root.query(sql`GRANT SELECT ON [dbo].[Blogs] TO [public]`);
    await expect(apply(blogs)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringContaining('ON [dbo].[Blogs] FROM [public] CASCADE;'),
    });
    await shard.root.query(sql`REVOKE SELECT ON [dbo].[Blogs] FROM [public] CASCADE`);
    expect(await apply(blogs)).toMatchObject({ applied: true, changes: [] });
  });

  test('admin takes back and gives rights to a table that it does not own', async () => {
    const reference = await apply({ table: 'Blogs' });
    expect(reference.changes.map(({ item }) => item)).toContain('rights of tenantry_app');
    const routed = await apply(blogs);
    expect(routed.changes.map(({ item }) => item)).toContain('rights of tenantry_app');
  });

  test('provisioned again: new passwords count, and a user gets the login of its name, and its default schema, back', async () => {
    const { mover } = shard.logins;
    const name = sql.id(mover.user);
    const login = { ...mover, password: `${mover.password} and more` };
    // As in a database that was restored on another server, whose login of the same name is another one.
    await shard.root.query(sql`ALTER USER ${name} WITH DEFAULT_SCHEMA = [tenantry]; DROP LOGIN ${name}`);
    await shard.root.query(sql`CREATE LOGIN ${name} WITH PASSWORD = N'Of-another-server-1'`);
    await provision(shard.root, createMssqlProvisioner(), { ...emptyDatabase, logins: { ...shard.logins, mover: login } });
    const database = engine.open(shard.address, login);
    const { rows } = await database.query(sql`SELECT USER_NAME() AS [user], SCHEMA_NAME() AS [schema]`);
    expect(rows).toEqual([{ user: mover.user, schema: 'dbo' }]);
    await database.close();
  });

  test('provisioned again: a login that somebody has disabled stays so, and is named', async () => {
    const { user } = shard.logins.superuser;
    await shard.root.query(sql`ALTER LOGIN ${sql.id(user)} DISABLE`);
    await expect(provision(shard.root, createMssqlProvisioner(), { ...emptyDatabase, logins: shard.logins })).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: `The login ${user} is disabled: enable it first, or name another.`,
    });
    await shard.root.query(sql`ALTER LOGIN ${sql.id(user)} ENABLE`);
  });

  test('a table that belongs to a login of tenant traffic is handed over with the rights to it', async () => {
    await shard.root.query(sql`ALTER AUTHORIZATION ON OBJECT::[dbo].[Blogs] TO ${sql.id(shard.logins.app.user)}`);
    await shard.root.query(sql`GRANT SELECT ON [dbo].[Blogs] TO [support] WITH GRANT OPTION`);
    await expect(apply(blogs)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringContaining(
        'ALTER AUTHORIZATION ON OBJECT::[dbo].[Blogs] TO [dbo]; GRANT SELECT ON [dbo].[Blogs] TO [support] WITH GRANT OPTION; GRANT CONTROL',
      ),
    });
    await shard.root.query(sql`ALTER AUTHORIZATION ON OBJECT::[dbo].[Blogs] TO SCHEMA OWNER`);
    await shard.root.query(sql`GRANT CONTROL ON OBJECT::[dbo].[Blogs] TO [tenantry_admin] WITH GRANT OPTION`);
    expect(await apply(blogs)).toMatchObject({ applied: true });
  });
});
