import { randomUUID } from 'node:crypto';
import type { SqlDatabase } from '../../src/core/session.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { sql, sqlText } from '../../src/core/sql.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { postgresPolicyRenderer } from '../../src/engine/postgres/policy-renderer.ts';
import { createPostgresProvisioner } from '../../src/engine/postgres/provisioner.ts';
import type { ContextProtection } from '../../src/core/context-protection.ts';
import { shardSchemaFiles } from '../../src/engine/schema-files.ts';
import { applyPolicies } from '../../src/policy/apply.ts';
import { provision } from '../../src/policy/provision.ts';
import type { KeyType } from '../../shardmap/key.ts';
import type { PostgresServer } from './servers/postgres.ts';
import { shardLogins } from './shard-logins.ts';
import { accepting, letInAnyway } from './accepting.ts';
import { emptyDatabase } from './empty-database.ts';

export { shardLogins };

/** A database prepared as a shard, with the table Blogs("TenantId", "BlogId", "Name") under its policies. */
export interface TestShard {
  readonly address: ShardAddress;
  readonly shardId: string;
  readonly incarnation: string;
  readonly admin: SqlDatabase;
  /** The server's own superuser, in this database. */
  readonly root: SqlDatabase;
  close(): Promise<void>;
}

const columnTypes: Readonly<Record<KeyType, string>> = { int: 'integer', bigint: 'bigint', uuid: 'uuid', string: 'text', bytes: 'bytea' };

/**
 * Makes a shard in a new database of the server, as an operator would: provisioning, schema, table, policies, identity. Unless it is to
 * be `watched`, tests may change it as they like.
 */
export async function createTestShard(
  server: PostgresServer,
  name: string,
  options: { keyType?: KeyType; protection?: ContextProtection; watched?: boolean } = {},
): Promise<TestShard> {
  const { keyType = 'int', protection = 'guarded', watched = false } = options;
  await server.createDatabase(name);
  const engine = createPostgresEngine();
  const address: ShardAddress = { engine: 'postgres', host: server.host, port: server.port, database: name, tls: 'disable' };
  const root = engine.open(address, server);
  await provision(root, createPostgresProvisioner(), { ...emptyDatabase, logins: shardLogins, contextProtection: protection });
  const admin = engine.open(address, shardLogins.admin);
  const shardId = randomUUID();
  await admin.transaction(async (session) => {
    for (const file of shardSchemaFiles(keyType, protection, true)) await session.script(file);
    await session.query(sql`insert into tenantry.shard_identity (shard_id, map, key_type) values (${shardId}, ${'customers'}, ${keyType})`);
    await session.query(
      sqlText(`create table "Blogs" ("TenantId" ${columnTypes[keyType]} not null default tenantry.current_tenant(), "BlogId" integer not null, "Name" text not null, primary key ("TenantId", "BlogId"));
        grant select, insert, update, delete on "Blogs" to tenantry_app`),
    );
  });
  // Before it is accepted, so that it is nothing that was changed since.
  if (!watched) await letInAnyway(root, shardId);
  await applyPolicies(
    admin,
    { renderer: postgresPolicyRenderer, dialect: engine.dialect, capabilitiesOf: engine.capabilitiesOf },
    { tables: [{ table: 'Blogs', tenantColumn: 'TenantId' }], procedures: [], keyType, accepting: accepting(shardId), dryRun: false },
  );
  const incarnation = (await root.run<{ incarnation: string }>('engine/incarnation')).rows[0]!.incarnation;
  return {
    address,
    shardId,
    incarnation,
    admin,
    root,
    close: async () => {
      await admin.close();
      await root.close();
    },
  };
}
