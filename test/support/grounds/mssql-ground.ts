import { randomBytes } from 'node:crypto';
import type { SqlDatabase } from '../../../src/core/session.ts';
import type { ShardAddress } from '../../../src/core/shard-address.ts';
import { sql, sqlText, type Sql } from '../../../src/core/sql.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { createMssqlProvisioner } from '../../../src/engine/mssql/provisioner.ts';
import type { KeyType } from '../../../shardmap/key.ts';
import { provision } from '../../../src/policy/provision.ts';
import { createDatabase, databaseOptions, serialPlans, serverRights } from '../mssql-shard.ts';
import { useMssql } from '../servers/mssql.ts';
import { groundTables, type EngineGround, type GroundServer } from './engine-ground.ts';
import { mssqlLogins } from './logins.ts';
import { emptyDatabase } from '../empty-database.ts';

/** All starts are one server, with databases of their own. */
export const mssqlGround = {
  engine: 'mssql',
  title: 'SQL Server',
  need: 'mssql',
  readers: ['see versions', 'take locks'],
  start: startMssqlGround,
} as const satisfies EngineGround;

async function startMssqlGround(): Promise<GroundServer> {
  const { address, login } = await useMssql();
  const engine = createMssqlEngine();
  const master = engine.open(address, login);
  const prefix = `tenantry_test_${randomBytes(4).toString('hex')}`;
  const made: ShardAddress[] = [];
  const inMaster = async (statements: readonly Sql[]): Promise<void> => {
    for (const statement of statements) await master.query(statement);
  };
  return {
    superuser: login,
    async createDatabase(name, readers = 'see versions') {
      const database = `${prefix}_${name}`;
      await inMaster([createDatabase(database)]);
      made.push({ ...address, database });
      await inMaster([databaseOptions(database, readers === 'see versions' ? 'ON' : 'OFF')]);
      return { ...address, database };
    },
    async makeTables(shard) {
      const root = engine.open(shard, login);
      await makeTables(root, 'int');
      await root.close();
    },
    async prepareShard(shard, keyType = 'int') {
      const root = engine.open(shard, login);
      await makeTables(root, keyType);
      await provision(root, createMssqlProvisioner(), { ...emptyDatabase, logins: mssqlLogins(shard), tables: groundTables });
      await inMaster([serverRights(mssqlLogins(shard).admin)]);
      await root.close();
    },
    takeAway: () => inMaster(made.map(({ database }) => setOffline(database))),
    bringBack: () => inMaster(made.map(({ database }) => setOnline(database))),
    async stop(logins = []) {
      await inMaster([...made.flatMap((shard) => dropAll(shard)), ...logins.map(dropLogin)]);
      await master.close();
    },
  };
}

async function makeTables(root: SqlDatabase, keyType: KeyType): Promise<void> {
  await root.query(serialPlans);
  await root.query(mssqlTables(keyType));
}

const columnTypes: Readonly<Record<KeyType, string>> = {
  int: 'int',
  bigint: 'bigint',
  uuid: 'uniqueidentifier',
  string: 'nvarchar(128) COLLATE Latin1_General_100_BIN2',
  bytes: 'varbinary(128)',
};

/** What a suite's shard has before it is one, as an operator's has. */
export function mssqlTables(keyType: KeyType): Sql {
  const tenant = `[TenantId] ${columnTypes[keyType]} NOT NULL`;
  return sqlText(
    `CREATE TABLE [dbo].[Blogs] (${tenant}, [BlogId] int NOT NULL, [Name] nvarchar(400) NOT NULL, PRIMARY KEY ([TenantId], [BlogId]));
CREATE TABLE [dbo].[Posts] (${tenant}, [PostId] int NOT NULL, [BlogId] int NOT NULL, PRIMARY KEY ([TenantId], [PostId]),
  FOREIGN KEY ([TenantId], [BlogId]) REFERENCES [dbo].[Blogs] ([TenantId], [BlogId]));`,
  );
}

/** Nobody logs in to it, and whoever is in it is put out. */
export function setOffline(database: string): Sql {
  return sql`ALTER DATABASE ${sql.id(database)} SET OFFLINE WITH ROLLBACK IMMEDIATE`;
}

/** The other way round. */
export function setOnline(database: string): Sql {
  return sql`ALTER DATABASE ${sql.id(database)} SET ONLINE`;
}

/** Drops a database, online or not, and the logins that were made for it. */
export function dropAll(shard: Pick<ShardAddress, 'database'>): readonly Sql[] {
  const database = sql.id(shard.database);
  return [
    sql`ALTER DATABASE ${database} SET ONLINE`,
    sql`ALTER DATABASE ${database} SET SINGLE_USER WITH ROLLBACK IMMEDIATE`,
    sql`DROP DATABASE ${database}`,
    ...Object.values(mssqlLogins(shard)).map(({ user }) => dropLogin(user)),
  ];
}

/** A catalog's database has none. The name is of a suite's own making, without a quote in it. */
function dropLogin(user: string): Sql {
  return sql`IF SUSER_ID(${sqlText(`N'${user}'`)}) IS NOT NULL DROP LOGIN ${sql.id(user)}`;
}
