import { afterAll, beforeAll, expect, test } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { createMssqlTestShard, type MssqlTestShard } from '../../support/mssql-shard.ts';
import { captureBlogs, captureNothing, exposures } from './support/exposures.ts';

describeNeeding('mssql', 'a connection of app that would see more than its own tenant', () => {
  const engine = createMssqlEngine();
  let shard: MssqlTestShard;

  beforeAll(async () => {
    shard = await createMssqlTestShard();
  });
  afterAll(async () => await shard?.close());

  const connect = async (): Promise<EngineConnection> =>
    await engine.connect(shard.address, shard.logins.app, {
      shardId: shard.shardId,
      incarnation: shard.incarnation,
      tables: [{ name: 'blogs', table: 'Blogs', tenantColumn: 'TenantId' }],
      contextProtection: 'guarded',
    });
  const asRoot = async (statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await shard.root.query(sqlText(statement));
  };

  test.each(exposures)('serves nobody while $title, and serves again after it', async ({ expose, cover, told }) => {
    await (await connect()).close();
    await asRoot(expose);
    try {
      await expect(connect()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', message: expect.stringContaining(told) });
    } finally {
      await asRoot(cover);
    }
    await (await connect()).close();
  });

  test('serves while changed rows are captured for a role that app is not in', async () => {
    await asRoot(captureBlogs('warehouse'));
    await (await connect()).close();
    await asRoot([captureNothing, 'DROP ROLE [warehouse]']);
  });
});
