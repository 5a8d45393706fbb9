import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { detectCapabilities } from '../../../src/engine/capabilities.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { allCapabilities } from '../../support/all-capabilities.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { createMssqlTestShard, type MssqlTestShard } from '../../support/mssql-shard.ts';
import { changeTracking } from './support/change-tracking.ts';
import { expectationsOf } from '../../support/shard-expectations.ts';

describeNeeding('mssql', 'what a server is found to be able to do', () => {
  const engine = createMssqlEngine();
  let shard: MssqlTestShard;

  beforeAll(async () => (shard = await createMssqlTestShard()));
  afterAll(async () => await shard.close());

  const asRoot = async (statement: string): Promise<void> => void (await shard.root.query(sqlText(statement)));

  /** As a connection of app finds it, and as doctor does. */
  const found = async (): Promise<unknown[]> => {
    const { address, logins, admin } = shard;
    const app = await engine.connect(address, logins.app, expectationsOf(shard));
    await app.close();
    return [app.capabilities, await detectCapabilities(admin, engine.capabilitiesOf)];
  };

  test('is all but the tracking of changes, which is off at first', async () => {
    const without = { ...allCapabilities, changeTracking: false };
    expect(await found()).toEqual([without, without]);
  });

  describe('where changes are tracked', () => {
    beforeAll(async () => await asRoot(changeTracking.on));
    afterAll(async () => await asRoot(changeTracking.off));

    test('is all, for app too', async () => {
      expect(await found()).toEqual([allCapabilities, allCapabilities]);
    });

    test('doctor names each routed table whose changes are not, what keeps them too short, and nothing where all is well', async () => {
      const told = async (database: SqlDatabase): Promise<unknown[]> =>
        (await database.run<{ remedy: string }>('doctor/change-tracking')).rows.map(({ remedy }) => remedy);
      expect(await told(shard.admin)).toEqual([expect.stringContaining('ALTER TABLE [dbo].[Blogs] ENABLE CHANGE_TRACKING')]);
      const { rows } = await shard.root.query<{ name: string }>(sqlText(changeTracking.tables));
      const each = async (change: 'ENABLE' | 'DISABLE'): Promise<void> => {
        for (const { name } of rows) await asRoot(changeTracking.of(name, change));
      };
      await each('ENABLE');
      try {
        expect(await told(shard.admin)).toEqual([]);
        await asRoot(changeTracking.short);
        expect(await told(shard.admin)).toEqual(['ALTER DATABASE CURRENT SET CHANGE_TRACKING (CHANGE_RETENTION = 3 DAYS)']);
      } finally {
        await each('DISABLE');
      }
    });
  });
});
