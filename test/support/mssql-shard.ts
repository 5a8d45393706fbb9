import { randomBytes, randomUUID } from 'node:crypto';
import type { Login, PrincipalName } from '../../src/core/principal.ts';
import { longestOverrideMs } from '../../src/core/shard-signer.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { sql, sqlText, type Sql } from '../../src/core/sql.ts';
import { createMssqlEngine } from '../../src/engine/mssql/mssql-engine.ts';
import { mssqlPolicyRenderer } from '../../src/engine/mssql/policy-renderer.ts';
import { createMssqlProvisioner } from '../../src/engine/mssql/provisioner.ts';
import { installShard } from '../../src/policy/install.ts';
import { overrideGate } from '../../src/policy/override.ts';
import { provision } from '../../src/policy/provision.ts';
import { useMssql } from './servers/mssql.ts';
import { accepting, signerOfTests } from './accepting.ts';
import { emptyDatabase } from './empty-database.ts';

/** Tables that are there before the shard is made of their database, as an operator's are. */
interface MssqlTestTables {
  /** What makes and fills them. */
  readonly text: string;
  readonly routed: readonly { readonly table: string; readonly tenantColumn: string }[];
}

/** Whether reads see row versions (READ_COMMITTED_SNAPSHOT), as they do by default in Azure SQL and not elsewhere. */
export type RowVersions = 'ON' | 'OFF';

/**
 * Makes a database, for a session in master. One after another, whoever else makes some: each is a copy of the database model, and of two
 * at once one may be refused (1807).
 */
export function createDatabase(name: string): Sql {
  return sql`EXEC sys.sp_getapplock @Resource = N'tenantry_test', @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 60000;
    CREATE DATABASE ${sql.id(name)};
    EXEC sys.sp_releaseapplock @Resource = N'tenantry_test', @LockOwner = N'Session';`;
}

/** What a new database gets before anybody has connected to it. Transactions may ask for SNAPSHOT, for it to be refused. */
export function databaseOptions(name: string, rowVersions: RowVersions): Sql {
  const database = sql.id(name);
  return sql`ALTER DATABASE ${database} SET ALLOW_SNAPSHOT_ISOLATION ON;
    ALTER DATABASE ${database} SET READ_COMMITTED_SNAPSHOT ${sqlText(rowVersions)};`;
}

/** Within a database: no plan is parallel, as a shard must have it. */
export const serialPlans = sql`ALTER DATABASE SCOPED CONFIGURATION SET MAXDOP = 1`;
/** Within a database: as many processors as there are. */
export const parallelPlans = sql`ALTER DATABASE SCOPED CONFIGURATION SET MAXDOP = 0`;

/** In master: admin may end what holds a tenant, which it is not given unasked. */
export const serverRights = ({ user }: Login): Sql => sql`GRANT VIEW SERVER STATE, ALTER ANY CONNECTION TO ${sql.id(user)}`;

/** Blogs(TenantId, BlogId, Name), empty. */
const blogs: MssqlTestTables = {
  text: `CREATE TABLE [dbo].[Blogs] ([TenantId] int NOT NULL, [BlogId] int NOT NULL, [Name] nvarchar(400) NOT NULL, PRIMARY KEY ([TenantId], [BlogId]));`,
  routed: [{ table: 'Blogs', tenantColumn: 'TenantId' }],
};

/** A database of a SQL Server prepared as a shard of `int` keys, with its tables under their policies. */
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

/** Nobody notes what is changed in a shard any more. */
export const unwatched = sql`DISABLE TRIGGER [tenantry_watching] ON DATABASE`;

/**
 * Makes a shard in a new database, as an operator would; its logins are its own, since they belong to the server. Unless it is to be
 * `watched`, tests may change it as they like, and it lets tenants in all the same, by the override that an operator has.
 */
export async function createMssqlTestShard(
  { text, routed } = blogs,
  rowVersions: RowVersions = 'ON',
  { watched = false }: { readonly watched?: boolean } = {},
): Promise<MssqlTestShard> {
  const server = await useMssql();
  const engine = createMssqlEngine();
  const name = `tenantry_test_${randomBytes(4).toString('hex')}`;
  const master = engine.open(server.address, server.login);
  await master.query(createDatabase(name));
  await master.query(databaseOptions(name, rowVersions));
  const address = { ...server.address, database: name };
  const logins = { app: login(name, 'app'), superuser: login(name, 'reports'), mover: login(name, 'mover'), admin: login(name, 'admin') };
  const root = engine.open(address, server.login);
  await root.query(serialPlans);
  await root.query(sqlText(text));
  // A table of dbo belongs to dbo, and stays so: provisioning gives admin what it takes to put policies on it.
  await provision(root, createMssqlProvisioner(), { ...emptyDatabase, logins, tables: routed });
  await master.query(serverRights(logins.admin));
  const admin = engine.open(address, logins.admin);
  const policies = { ...engine, renderer: mssqlPolicyRenderer };
  const shardId = randomUUID();
  await installShard(admin, policies, {
    tables: routed,
    procedures: [],
    accepting: accepting(shardId),
    keyType: 'int',
    contextProtection: 'guarded',
  });
  await admin.query(
    sql`INSERT INTO [tenantry].[shard_identity] ([shard_id], [map], [key_type]) VALUES (${shardId}, ${'customers'}, ${'int'})`,
  );
  if (!watched) {
    await overrideGate(root, signerOfTests(shardId), { forMs: longestOverrideMs, reason: 'tests', decidedBy: 'tests' });
    await root.query(unwatched);
  }
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
