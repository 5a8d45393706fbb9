import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { schemaVersions } from '../../../src/core/schema-version.ts';
import { fingerprintFunction } from '../../../src/engine/mssql/fingerprint-function.ts';
import { installShard, type ShardInstallation } from '../../../src/policy/install.ts';
import type { PolicyResult } from '../../../src/policy/model.ts';
import { SqlServerModel } from '../../support/tds/model/model.ts';
import type { ModelStatement, StatementAnswer } from '../../support/tds/model/statement.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { administered } from '../../support/administered.ts';
import { answerFile, askedFile, policyAnswers, type Said } from '../../support/library-answers.ts';
import { accepting } from '../../support/accepting.ts';
import { protectionAnswer } from '../../support/protection-answer.ts';

/** What a database says of itself; by default a prepared shard for keys of type int. */
interface Found {
  readonly prepared?: boolean;
  readonly installed?: boolean;
  readonly isCatalog?: boolean;
  readonly version?: number;
  readonly keyType?: string;
  readonly contextProtection?: string;
  readonly serialPlans?: boolean;
}

function answerOf(text: string, found: Found): StatementAnswer {
  const {
    prepared = true,
    installed = true,
    isCatalog = false,
    version = schemaVersions.shard,
    keyType = 'int',
    contextProtection = 'guarded',
    serialPlans = true,
  } = found;
  if (text.includes('[prepared]')) {
    const columns = { prepared: 'bit', installed: 'bit', keyType: 'nvarchar(20)', contextProtection: 'nvarchar(20)' };
    return { columns, rows: [[prepared, installed, keyType, contextProtection]] };
  }
  if (text.includes('[compatibility]')) {
    const columns = { major: 'int', edition: 'int', compatibility: 'int', serialPlans: 'bit' };
    return { columns, rows: [[16, 3, 160, serialPlans]] };
  }
  if (text.includes('[tenantry].[acceptance]()')) return protectionAnswer(accepting().signer);
  if (text.includes('[isCatalog]')) {
    return {
      columns: { hasSchema: 'bit', isCatalog: 'bit', isShard: 'bit', isAdmins: 'bit' },
      rows: [[true, isCatalog, !isCatalog, true]],
    };
  }
  if (text.includes('[schemaVersion]')) {
    const columns = { schemaVersion: 'int', shardId: 'uniqueidentifier', map: 'nvarchar(63)', keyType: 'nvarchar(20)' };
    return { columns, rows: [[version, null, null, null]] };
  }
  if (text.includes('[installed]')) return { columns: { installed: 'bit' }, rows: [[true]] };
  return { count: 0 };
}

const changing = /\b(CREATE|ALTER|GRANT|INSERT INTO (?!@)|UPDATE)\b/;

/** A server that says what is found at each question, on which a shard is made. */
async function install(
  found: () => Found,
  options: Pick<ShardInstallation, 'capabilities'> = {},
): Promise<{ installing: Promise<PolicyResult>; asked: readonly ModelStatement[] }> {
  const asked: ModelStatement[] = [];
  const statement = (given: ModelStatement): StatementAnswer => {
    asked.push(given);
    return answerOf(given.text, found());
  };
  const server = await startTdsServer(new SqlServerModel({ statement }));
  const { engine, database } = administered(server);
  return {
    installing: installShard(database, engine, {
      tables: [],
      procedures: [],
      accepting: accepting(),
      keyType: 'int',
      contextProtection: 'guarded',
      ...options,
    }),
    asked,
  };
}

test.each<[Found, string]>([
  [{ prepared: false }, 'The database was not prepared to be a shard: provision it with --bootstrap, or run the SQL printed without it.'],
  [{ serialPlans: false }, expect.stringContaining('SET MAXDOP = 1')],
  [{ serialPlans: false, installed: false }, expect.stringContaining('SET MAXDOP = 1')],
  [{ isCatalog: true }, 'The database is a catalog; a catalog cannot be a shard.'],
  [
    { version: 4 },
    'The database is a shard whose schema has version 4; this program works with version 3: go on with the version of Tenantry that made it, or a later one.',
  ],
  [{ keyType: 'uuid' }, "The database is a shard for keys of type uuid; the map's are of type int."],
  [{ contextProtection: 'plain' }, 'The database is a shard whose context protection is plain; the configuration says guarded.'],
])('a SQL Server database that says %j does not become a shard, and nothing is changed in it', async (found, detail) => {
  const { installing, asked } = await install(() => found);
  await expect(installing).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION', detail });
  expect(asked.filter(({ text }) => changing.test(text))).toEqual([]);
  expect(asked.length).toBeGreaterThan(0);
});

const making = /\bCREATE TABLE \[tenantry\]/;

/** How often a fresh database was asked whether it has the schema. */
const stateQuestions = (asked: readonly ModelStatement[]): number => asked.filter(({ text }) => text.includes('[prepared]')).length;

test('what a SQL Server database is, is looked at under the lock that keeps other changes out; it is waited for for five seconds', async () => {
  const { installing, asked } = await install(() => ({}));
  expect(await installing).toMatchObject({ changes: [], warnings: [], applied: true });
  const lock = asked.findIndex(({ text }) => text.includes('sp_getapplock'));
  expect(asked[lock]!.parameters.map(({ value }) => value)).toEqual([5_000, false]);
  expect(asked.findIndex(({ text }) => text.includes('[isCatalog]'))).toBeGreaterThan(lock);
});

test('a SQL Server database that another process made a shard meanwhile is not made one again', async () => {
  const { installing, asked } = await install(() => ({ installed: stateQuestions(asked) > 1 }));
  await installing;
  expect(stateQuestions(asked)).toBe(2);
  expect(asked.filter(({ text }) => making.test(text))).toEqual([]);
});

test('what the configuration says that a SQL Server can do counts for a shard that is made', async () => {
  const { installing } = await install(() => ({ serialPlans: false }), { capabilities: { serialPlans: true } });
  expect(await installing).toMatchObject({ applied: true });
});

/** What a database that has nothing yet is asked and told until it is a shard. */
async function installAnew(): Promise<readonly string[]> {
  const text = 'nvarchar(20)';
  const answers: Readonly<Record<string, Said>> = {
    ...policyAnswers,
    'policy/shard-schema': {
      columns: { prepared: 'bit', installed: 'bit', keyType: text, contextProtection: text },
      rows: [[true, false, null, null]],
    },
    'catalog/schema-state': {
      columns: { hasSchema: 'bit', isCatalog: 'bit', isShard: 'bit', isAdmins: 'bit' },
      rows: [[true, false, false, true]],
    },
  };
  const server = await startTdsServer({
    request: (request, answer) => {
      const file = askedFile(Object.keys(answers), request);
      return answerFile(file === undefined ? undefined : answers[file], request, answer);
    },
  });
  const { engine, database } = administered(server);
  await installShard(database, engine, {
    tables: [],
    procedures: [],
    accepting: accepting(),
    keyType: 'int',
    contextProtection: 'guarded',
  });
  return server.recording.requests().map((request) => request.text);
}

// The server keeps a routine as the batch that made it; "sys.sql_modules", and HASHBYTES of UTF-16.
test('what tells the fingerprint is made by the very text that is looked for afterwards', async () => {
  const made = (await installAnew()).filter((said) => said.includes('CREATE FUNCTION [tenantry].[fingerprint_items]'));
  expect(made.map((said) => createHash('sha256').update(`11${said}`, 'utf16le').digest('hex'))).toEqual([fingerprintFunction()]);
});

test('the mover and nobody else is let read which rows of a tenant have changed', async () => {
  const said = (await installAnew()).filter((each) => each.includes('[captured_keys]'));
  expect(said.map((each) => each.trim().split('\n').at(-1))).toEqual([
    expect.stringContaining('EXEC sys.sp_executesql @read'),
    'GRANT EXECUTE ON [tenantry].[captured_keys] TO [tenantry_mover];',
  ]);
});
