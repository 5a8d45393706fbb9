import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { sql, type Sql } from '../../src/core/sql.ts';
import type { ConnectionExpectations, EngineConnection } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { compiled, entryOf, startAppShard, write, type AppShard } from './app-shard.ts';
import type { TestShard } from './postgres-shard.ts';
import type { PostgresServer } from './servers/postgres.ts';

/** The shard of a file of tests, and the connection of app that the test which runs has to itself. */
class AppConnection {
  /** Which form of the fence entries take: that of any mapping, or that of a mapping of one key. */
  isPoint = false;
  readonly #shard: () => AppShard;
  readonly #connection: () => EngineConnection;

  constructor(shard: () => AppShard, connection: () => EngineConnection) {
    this.#shard = shard;
    this.#connection = connection;
  }

  get server(): PostgresServer {
    return this.#shard().server;
  }

  get shard(): TestShard {
    return this.#shard().shard;
  }

  get expected(): ConnectionExpectations {
    return this.#shard().expected;
  }

  get connection(): EngineConnection {
    return this.#connection();
  }

  /** Opens another connection as app; the caller closes it. */
  connect(): Promise<EngineConnection> {
    return this.#shard().connect();
  }

  /** What a router shows for tenant 1 or 2. */
  entry(tenant: number): Entry {
    return entryOf(tenant, this.isPoint);
  }

  run(tenant: number, statement: Sql, options = write): ReturnType<EngineConnection['execute']> {
    return this.connection.execute(this.entry(tenant), compiled(statement), options);
  }

  /** The server's process behind the connection. */
  async pid(): Promise<number> {
    return (await this.run(1, sql`select pg_backend_pid() as pid`)).rows[0]!['pid'] as number;
  }

  /** Declares tests that hold whichever form of the fence lets the tenant in. */
  describeOnBothForms(title: string, tests: () => void): void {
    describe.each([
      { form: 'a mapping', point: false },
      { form: 'a mapping of one key', point: true },
    ])(`${title}, entered by $form`, ({ point }) => {
      beforeAll(() => {
        this.isPoint = point;
        return () => void (this.isPoint = false);
      });
      tests();
    });
  }
}

/** Starts a shard for the tests of a file; each finds Blogs empty and a connection of its own. */
export function useAppConnection(): AppConnection {
  let shard: AppShard;
  let connection: EngineConnection;
  beforeAll(async () => {
    shard = await startAppShard();
  });
  afterAll(() => shard?.close());
  beforeEach(async () => {
    await shard.shard.root.query(sql`delete from "Blogs"`);
    connection = await shard.connect();
    return async () => await connection.close();
  });
  return new AppConnection(
    () => shard,
    () => connection,
  );
}
