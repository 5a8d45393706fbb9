import { expect, test } from 'vitest';
import { installShard } from '../../../src/policy/install.ts';
import { SqlServerModel } from '../../support/tds/model/model.ts';
import type { ModelStatement, StatementAnswer } from '../../support/tds/model/statement.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { administered } from '../../support/administered.ts';

/** What a database says of itself; by default a prepared shard for keys of type int. */
interface Found {
  readonly prepared?: boolean;
  readonly isCatalog?: boolean;
  readonly version?: number;
  readonly keyType?: string;
  readonly contextProtection?: string;
  readonly serialPlans?: boolean;
}

function answerOf(text: string, found: Found): StatementAnswer {
  const { prepared = true, isCatalog = false, version = 1, keyType = 'int', contextProtection = 'guarded', serialPlans = true } = found;
  if (text.includes('[prepared]')) {
    const columns = { prepared: 'bit', installed: 'bit', keyType: 'nvarchar(20)', contextProtection: 'nvarchar(20)' };
    return { columns, rows: [[prepared, true, keyType, contextProtection]] };
  }
  if (text.includes('[compatibility]')) {
    const columns = { major: 'int', edition: 'int', compatibility: 'int', serialPlans: 'bit' };
    return { columns, rows: [[16, 3, 160, serialPlans]] };
  }
  if (text.includes('[isCatalog]')) {
    return { columns: { hasSchema: 'bit', isCatalog: 'bit', isShard: 'bit' }, rows: [[true, isCatalog, !isCatalog]] };
  }
  if (text.includes('[schemaVersion]')) {
    const columns = { schemaVersion: 'int', shardId: 'uniqueidentifier', map: 'nvarchar(63)', keyType: 'nvarchar(20)' };
    return { columns, rows: [[version, null, null, null]] };
  }
  if (text.includes('[installed]')) return { columns: { installed: 'bit' }, rows: [[true]] };
  return { count: 0 };
}

test.each<[Found, string]>([
  [{ prepared: false }, 'The database was not prepared to be a shard: provision it with --bootstrap, or run the SQL printed without it.'],
  [{ serialPlans: false }, expect.stringContaining('SET MAXDOP = 1')],
  [{ isCatalog: true }, 'The database is a catalog; a catalog cannot be a shard.'],
  [{ version: 2 }, 'The database is a shard whose schema has version 2; this program works with version 1.'],
  [{ keyType: 'uuid' }, "The database is a shard for keys of type uuid; the map's are of type int."],
  [{ contextProtection: 'plain' }, 'The database is a shard whose context protection is plain; the configuration says guarded.'],
])('a SQL Server database that says %j does not become a shard, and nothing is changed in it', async (found, detail) => {
  const asked: string[] = [];
  const statement = ({ text }: ModelStatement): StatementAnswer => {
    asked.push(text);
    return answerOf(text, found);
  };
  const server = await startTdsServer(new SqlServerModel({ statement }));
  const { engine, database } = administered(server);
  const installing = installShard(database, engine, { tables: [], keyType: 'int', contextProtection: 'guarded' });
  await expect(installing).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION', detail });
  expect(asked.filter((text) => /\b(CREATE|ALTER|GRANT|INSERT INTO (?!@)|UPDATE)\b/.test(text))).toEqual([]);
  expect(asked.length).toBeGreaterThan(0);
});
