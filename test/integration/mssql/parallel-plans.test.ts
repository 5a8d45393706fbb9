import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CapabilitySettings } from '../../../src/core/capability-settings.ts';
import { sql } from '../../../src/core/sql.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { createMssqlTestShard, parallelPlans, serialPlans, type MssqlTestShard } from '../../support/mssql-shard.ts';
import { expectationsOf } from '../../support/shard-expectations.ts';

describeNeeding('mssql', 'plans of tenants', () => {
  const engine = createMssqlEngine();
  let shard: MssqlTestShard;

  beforeAll(async () => (shard = await createMssqlTestShard()));
  afterAll(async () => await shard.close());

  const connect = async (capabilities: CapabilitySettings = {}): Promise<EngineConnection> =>
    await engine.connect(shard.address, shard.logins.app, expectationsOf(shard, { capabilities }));

  test('are serial by the setting of the database', async () => {
    await (await connect()).close();
  });

  describe('where the database allows parallel ones', () => {
    beforeAll(async () => void (await shard.root.query(parallelPlans)));
    afterAll(async () => void (await shard.root.query(serialPlans)));

    test('keep the shard from serving', async () => {
      await expect(connect()).rejects.toMatchObject({
        code: 'SHARD_UNVERIFIED',
        message: expect.stringContaining('capabilities.serialPlans'),
      });
    });

    test('are what the configuration says they are', async () => {
      await (await connect({ serialPlans: true })).close();
    });

    test('are serial by the trace flag that keeps the session context out of parallel plans', async () => {
      await shard.root.query(sql`DBCC TRACEON (11042, -1) WITH NO_INFOMSGS`);
      try {
        await (await connect()).close();
      } finally {
        await shard.root.query(sql`DBCC TRACEOFF (11042, -1) WITH NO_INFOMSGS`);
      }
    });

    test('are not found to be serial by admin beside a session of app that no group governs', async () => {
      const app = await connect({ serialPlans: true });
      const [facts] = (await shard.admin.run<{ serialPlans: boolean }>('engine/server')).rows;
      expect(facts!.serialPlans).toBe(false);
      await app.close();
    });
  });

  test('of what doctor asks, the look for hints finds a plan guide', async () => {
    await shard.root.query(
      sql`EXEC sys.sp_create_plan_guide @name = N'many', @stmt = N'SELECT COUNT(*) FROM [dbo].[Blogs]', @type = N'SQL', @module_or_batch = NULL, @params = NULL, @hints = N'OPTION (MAXDOP 8)'`,
    );
    try {
      const { rows } = await shard.admin.run<{ advice: string | null }>('doctor/server');
      expect(rows.map(({ advice }) => advice)).toContain('take MAXDOP out of plan guide [many]');
    } finally {
      await shard.root.query(sql`EXEC sys.sp_control_plan_guide N'DROP', N'many'`);
    }
  });
});
