import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SqlDatabase } from '../../src/core/session.ts';
import { sqlText } from '../../src/core/sql.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { startAppShard, type AppShard } from '../support/app-shard.ts';
import { shardLogins } from '../support/postgres-shard.ts';

/* A connection that cannot be opened says something of the shard, and never of what a caller asked: nobody has asked yet. */

const engine = createPostgresEngine();
let app: AppShard;
/** The server's superuser in another database of it. */
let server: SqlDatabase;
const undo: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  app = await startAppShard();
  server = engine.open({ ...app.shard.address, database: 'postgres' }, app.server);
});
afterAll(async () => {
  await server?.close();
  await app?.close();
});
afterEach(async () => {
  for (const back of undo.splice(0)) await back();
});

/** Done by the server's superuser, and undone after the test. */
async function spoil(by: SqlDatabase, statement: string, back: string): Promise<void> {
  await by.query(sqlText(statement));
  undo.push(() => by.query(sqlText(back)));
}

const database = (): string => `"${app.shard.address.database}"`;
const user = shardLogins.app.user;

describe('a connection that cannot be opened', () => {
  test.each([
    [
      'the database lets none of the principals in (42501)',
      () => `revoke connect on database ${database()} from public, tenantry_app`,
      () => `grant connect on database ${database()} to public, tenantry_app`,
      '42501',
      true,
    ],
    [
      'the database takes no connections (55000)',
      () => `alter database ${database()} allow_connections false`,
      () => `alter database ${database()} allow_connections true`,
      '55000',
      false,
    ],
    [
      'the login has as many as it may have (53300)',
      () => `alter role "${user}" connection limit 0`,
      () => `alter role "${user}" connection limit -1`,
      '53300',
      false,
    ],
  ])('because %s is a shard that cannot be reached, to tenants and to own work', async (_title, spoilt, back, sqlState, loginRefused) => {
    await spoil(server, spoilt(), back());
    const code = sqlState === '53300' ? 'OVERLOADED' : 'SHARD_UNAVAILABLE';
    const expected = { code, outcome: 'not-run', cause: { sqlState, loginRefused } };
    await expect(app.connect()).rejects.toMatchObject(expected);
    const own = engine.open(app.shard.address, shardLogins.app);
    await expect(own.run('engine/inspect')).rejects.toMatchObject(expected);
    await own.close();
  });

  test('because the login lacks a right to what is asked is a shard that is not fit, not a caller who may not', async () => {
    await spoil(app.shard.root, 'revoke select on pg_catalog.pg_policy from public', 'grant select on pg_catalog.pg_policy to public');
    await expect(app.connect()).rejects.toMatchObject({
      code: 'SHARD_UNVERIFIED',
      detail: expect.stringContaining('What a new connection is asked had no answer: SQLSTATE 42501') as string,
      cause: { sqlState: '42501' },
    });
  });

  test('because the server ends what is asked is a shard that cannot be reached for now', async () => {
    await spoil(server, `alter role "${user}" set lock_timeout = '50ms'`, `alter role "${user}" reset lock_timeout`);
    await app.shard.root.transaction(async (session) => {
      await session.query(sqlText('lock table tenantry.shard_identity in access exclusive mode'));
      await expect(app.connect()).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run', cause: { sqlState: '55P03' } });
    });
  });
});
