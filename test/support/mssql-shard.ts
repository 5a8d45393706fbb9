import { randomBytes, randomUUID } from 'node:crypto';
import type { Login, PrincipalName } from '../../src/core/principal.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { sql } from '../../src/core/sql.ts';
import { createMssqlEngine } from '../../src/engine/mssql/mssql-engine.ts';
import { mssqlPolicyRenderer } from '../../src/engine/mssql/policy-renderer.ts';
import { createMssqlProvisioner } from '../../src/engine/mssql/provisioner.ts';
import { applyPolicies } from '../../src/policy/apply.ts';
import { installShard } from '../../src/policy/install.ts';
import { provision } from '../../src/policy/provision.ts';
import { useMssql } from './servers/mssql.ts';

/** A database of a SQL Server prepared as a shard of `int` keys, with the table Blogs(TenantId, BlogId, Name) under its policies. */
export interface MssqlTestShard {
  readonly address: ShardAddress;
  readonly shardId: string;
  readonly incarnation: string;
  readonly logins: Readonly<Record<PrincipalName, Login>>;
  readonly admin: SqlDatabase;
  /** The server's administrator, in this database. */
  readonly root: SqlDatabase;
  /** Drops the database and the logins. */
  close(): Promise<void>;
}

/** Makes a shard in a new database, as an operator would; its logins are its own, since they belong to the server. */
export async function createMssqlTestShard(): Promise<MssqlTestShard> {
  const server = await useMssql();
  const engine = createMssqlEngine();
  const name = `tenantry_test_${randomBytes(4).toString('hex')}`;
  const master = engine.open(server.address, server.login);
  await master.query(sql`CREATE DATABASE ${sql.id(name)}`);
  const address = { ...server.address, database: name };
  const logins = { app: login(name, 'app'), superuser: login(name, 'reports'), mover: login(name, 'mover'), admin: login(name, 'admin') };
  const root = engine.open(address, server.login);
  await provision(root, createMssqlProvisioner(), { logins, contextProtection: 'guarded' });
  const admin = engine.open(address, logins.admin);
  const [policies, installation] = [
    { renderer: mssqlPolicyRenderer, dialect: engine.dialect },
    { tables: [], keyType: 'int', contextProtection: 'guarded' },
  ] as const;
  await installShard(admin, policies, installation);
  const shardId = randomUUID();
  await admin.query(
    sql`INSERT INTO [tenantry].[shard_identity] ([shard_id], [map], [key_type]) VALUES (${shardId}, ${'customers'}, ${'int'})`,
  );
  await admin.query(sql`CREATE TABLE [dbo].[Blogs] (
    [TenantId] int NOT NULL DEFAULT [tenantry].[current_tenant](), [BlogId] int NOT NULL, [Name] nvarchar(400) NOT NULL,
    PRIMARY KEY ([TenantId], [BlogId]))`);
  await applyPolicies(admin, policies, { tables: [{ table: 'Blogs', tenantColumn: 'TenantId' }], keyType: 'int', dryRun: false });
  const incarnation = (await root.run<{ incarnation: string }>('engine/incarnation')).rows[0]!.incarnation;
  return {
    address,
    shardId,
    incarnation,
    logins,
    admin,
    root,
    close: async () => {
      await admin.close();
      await root.close();
      await master.query(sql`ALTER DATABASE ${sql.id(name)} SET SINGLE_USER WITH ROLLBACK IMMEDIATE`);
      await master.query(sql`DROP DATABASE ${sql.id(name)}`);
      for (const { user } of Object.values(logins)) await master.query(sql`DROP LOGIN ${sql.id(user)}`);
      await master.close();
    },
  };
}

/** A password that the server's policy for them takes: letters of both cases, digits, and long. */
function login(shard: string, principal: string): Login {
  return { user: `${shard}_${principal}`, password: `Aa1-${randomBytes(12).toString('hex')}` };
}
