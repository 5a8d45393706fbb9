import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { encodeInt } from '../../shardmap/key-encoding.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import type { ShardSigner } from '../../src/core/shard-signer.ts';
import { sql, sqlText } from '../../src/core/sql.ts';
import type { EngineConnection } from '../../src/engine/engine.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { accepting, signerOfTests } from './accepting.ts';
import { applyDespiteLeaks } from './apply-despite-leaks.ts';
import { expectationsOf } from './shard-expectations.ts';
import { compiled, entryOf, insert, write } from './app-shard.ts';
import { blogs, postgresPolicies } from './policy-shard.ts';
import { createTestShard, shardLogins, type TestShard } from './postgres-shard.ts';
import { startPostgres, type PostgresServer } from './servers/postgres.ts';

const engine = createPostgresEngine();

/** Whose row each is that a tenant sees. */
export const allBlogs = compiled(sql`select "TenantId" from "Blogs"`);
/** What a closed gate answers to whoever would enter. */
export const unverified = { refusal: { reason: 'UNVERIFIED' } };
/** What a connection is refused with, for what is said. */
export const refusing = (why: string): object => ({ code: 'SHARD_UNVERIFIED', message: expect.stringContaining(why) as string });

/** A shard that is watched, with tenants 1 and 2, who have a row each. */
export class GatedShard {
  #made = 0;
  #server: PostgresServer | undefined;
  #database: TestShard | undefined;
  readonly #open: EngineConnection[] = [];

  get server(): PostgresServer {
    return present(this.#server);
  }

  get address(): ShardAddress {
    return present(this.#database).address;
  }

  get shardId(): string {
    return present(this.#database).shardId;
  }

  get admin(): SqlDatabase {
    return present(this.#database).admin;
  }

  /** The server's own superuser, in this database. */
  get root(): SqlDatabase {
    return present(this.#database).root;
  }

  async start(): Promise<void> {
    this.#server = await startPostgres({ fsync: false, settings: { max_prepared_transactions: '1' } });
  }

  /** Goes on with a new database, which is as it was accepted. */
  async renew(): Promise<void> {
    this.#made += 1;
    this.#database = await createTestShard(this.server, `watched_${this.#made}`, { watched: true });
    for (const tenant of [1, 2])
      await this.admin.query(
        sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (${tenant}, 'point', ${encodeInt(tenant)}, 'ONLINE', 1, ${entryOf(tenant).token})`,
      );
    const app = await this.connect();
    for (const tenant of [1, 2]) await app.execute(entryOf(tenant), compiled(insert(tenant)), write);
  }

  /** Opens a connection as app, which is closed with the shard; by default it trusts the fleet key of the tests. */
  async connect(signer: ShardSigner = signerOfTests(this.shardId)): Promise<EngineConnection> {
    const database = present(this.#database);
    const connection = await engine.connect(database.address, shardLogins.app, expectationsOf(database, { signer }));
    this.#open.push(connection);
    return connection;
  }

  /** Runs statements as the server's superuser. */
  change(statements: string): Promise<unknown> {
    return this.root.query(sqlText(statements));
  }

  /** As `policy apply` does; what leaks, for a while. */
  acceptWhatIsThere(): Promise<unknown> {
    const request = { tables: [blogs], procedures: [], keyType: 'int', dryRun: false } as const;
    return applyDespiteLeaks(this.admin, postgresPolicies, { ...request, accepting: accepting(this.shardId) });
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((connection) => connection.close()));
    await this.#database?.close();
    this.#database = undefined;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

/** Starts a server for the tests of a file; each of them has a shard to itself. */
export function useGatedShard(): GatedShard {
  const shard = new GatedShard();
  beforeAll(() => shard.start());
  beforeEach(() => shard.renew());
  afterEach(() => shard.close());
  afterAll(() => shard.stop());
  return shard;
}

function present<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('The shard of the tests has not been made yet.');
  return part;
}
