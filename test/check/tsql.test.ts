import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notRunCode } from '../../scripts/check/not-run.ts';
import { describeNeeding } from '../support/describe-needing.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const collated = ' COLLATE Latin1_General_100_BIN2';

/** A copy of the engines' libraries, to plant faults in. */
let sql: string;
beforeEach(() => {
  sql = mkdtempSync(join(tmpdir(), 'tenantry-sql-'));
  cpSync(join(root, 'sql'), sql, { recursive: true });
});
afterEach(() => rmSync(sql, { recursive: true }));

function plant(file: string, before: string, after: string): void {
  const text = readFileSync(join(sql, file), 'utf8');
  expect(text).toContain(before);
  writeFileSync(join(sql, file), text.replace(before, after));
}

/** The same program that `npm run check` runs, over the copy. */
function check(program: string, folder: string, env = process.env): Promise<{ code: number; report: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'scripts', program), folder], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), report: `${stdout}${stderr}` });
    });
  });
}

it("says that it did not run, and what is missing, where there is nothing that Microsoft's compiler runs on", async () => {
  const { code, report } = await check('check-tsql.ts', join(sql, 'mssql'), { ...process.env, PATH: '' });
  expect({ code, report }).toEqual({ code: notRunCode, report: 'dotnet, mcs, mono is not on the PATH (Debian: mono-devel; .NET SDK)\n' });
});

describeNeeding('mono', "Microsoft's compiler over the T-SQL (about 15 s)", () => {
  const compile = () => check('check-tsql.ts', join(sql, 'mssql'));

  it('passes over the library as it is', async () => {
    expect(await compile()).toMatchObject({ code: 0, report: expect.stringMatching(/ 0 findings|nothing has changed/) });
  });

  it('finds every misspelt name, wherever it stands, and texts that are compared by two collations', async () => {
    const faults = [
      ['queries/catalog/find-map.sql', 'm.[key_type]', 'm.[key_typ]'],
      ['queries/catalog/lock-map.sql', 'UPDLOCK, ROWLOCK', 'UPDLOCK, ROWLOK'],
      ['queries/local-map/get-mapping.sql', '= @mappingId', '= @mappingIds'],
      ['schema/shard/030-enter.sql', 'm.[moved_epoch]', 'm.[moved_epoc]'],
      ['schema/shard/030-enter.sql', '[tenantry].[tenant_of](@key)', '[tenantry].[tenant_off](@key)'],
      ['schema/catalog/005-mapping.sql', 'p.[high]\n', 'p.[hihg]\n'],
      ['schema/shard/001-schema.sql', 'INTO [tenantry].[schema_version]', 'INTO [tenantry].[schema_versions]'],
      ['schema/shard/001-schema.sql', 'ON [tenantry].[shard_identity]', 'ON [tenantry].[shard_identities]'],
      // What the server has of its own.
      ['schema/shard/020-tenant-string.sql', 'IS_ROLEMEMBER', 'IS_ROLMEMBER'],
      ['queries/policy/live-items.sql', 'p.[operation_desc]', 'p.[operation_text]'],
      ['queries/policy/tables.sql', 'sys.schemas', 'sys.schemata'],
      ['queries/policy/lock.sql', '@DbPrincipal', '@Principal'],
      ['queries/catalog/lock-install.sql', 'sys.sp_getapplock', 'sys.sp_getaplock'],
      // By two collations (468): the server's and a column's, the server's and JSON's, and the server's and what a query has made of JSON.
      ['queries/policy/live-procedures.sql', `s.[name]${collated} = e.`, 's.[name] = e.'],
      ['queries/policy/extra-tables.sql', `k.[tenantColumn] = c.[name]${collated}`, 'k.[tenantColumn] = c.[name]'],
      ['queries/policy/tables.sql', `s.[name] = w.[schema]${collated}`, 's.[name] = w.[schema]'],
      ['queries/policy/predicate-warnings.sql', `c.[name] = j.[value]${collated}`, 'c.[name] = j.[value]'],
    ] as const;
    for (const [file, right, wrong] of faults) plant(`mssql/${file}`, right, wrong);
    const { code, report } = await compile();
    expect(code).toBe(1);
    for (const named of [
      'key_typ]',
      'ROWLOK',
      '@mappingIds',
      'moved_epoc]',
      'tenant_off]',
      'hihg]',
      'schema_versions]',
      'shard_identities]',
      's.name and e.schema_name may be of two collations',
      'k.tenantColumn and c.name may be of two collations',
      's.name and w.schema may be of two collations',
      'c.name and j.value may be of two collations',
    ])
      expect(report).toContain(named);
  });

  it('finds a file that it would not compile', async () => {
    writeFileSync(join(sql, 'mssql', 'schema', 'shard', '900-forgotten.sql'), 'SELECT 1;\n');
    expect(await compile()).toMatchObject({ code: 1, report: expect.stringContaining('schema/shard/900-forgotten.sql is in no model') });
  });
});

describe("the engines' libraries of statements", () => {
  const compare = () => check('check-sql.ts', sql);

  it('are twins as they are', async () => {
    expect(await compare()).toEqual({ code: 0, report: '' });
  });

  it.each([
    [
      'an alias',
      'mssql/queries/catalog/find-mapping.sql',
      '[shardId]',
      '[shardID]',
      /find-mapping: columns are .*shardId.* in sql\/postgres, .*shardID/,
    ],
    [
      'the alias of a row that is changed',
      'mssql/queries/catalog/take-operation.sql',
      '[leaseLeftMs]',
      '[leaseLeft]',
      /take-operation: columns/,
    ],
    [
      'the last of several results',
      'mssql/queries/local-map/try-lock.sql',
      'AS [taken]',
      'AS [locked]',
      /try-lock: columns are taken in .*, locked in/,
    ],
    [
      'the order of columns',
      'postgres/queries/catalog/find-map.sql',
      'm.kind, m.key_type as "keyType"',
      'm.key_type as "keyType", m.kind',
      /find-map: columns/,
    ],
    [
      'a parameter',
      'mssql/queries/catalog/find-map.sql',
      '-- @name ',
      '-- @names ',
      /find-map: parameters are name in sql\/postgres, names in/,
    ],
    [
      'the type of a parameter',
      'mssql/queries/catalog/renew-lease.sql',
      '@generation bigint',
      '@generation int',
      /@generation is bigint in sql\/postgres and int in/,
    ],
    [
      'a column that holds JSON',
      'mssql/queries/catalog/get-operation.sql',
      '-- json: payload',
      '-- json: load',
      /get-operation: there is no column load/,
    ],
    [
      'the type of a column of a table',
      'mssql/schema/shard/002-local-mapping.sql',
      '[epoch] bigint',
      '[epoch] int',
      /local_mapping\.epoch is bigint in sql\/postgres and int in sql\/mssql/,
    ],
    [
      'a column that one table has alone',
      'postgres/schema/catalog/004-shard.sql',
      '  incarnation text',
      '  incarnations text',
      /shard\.incarnation: the tables of sql\/mssql have it alone/,
    ],
  ])('are seen to differ in %s', async (_, file, right, wrong, said) => {
    plant(file, right, wrong);
    const { code, report } = await compare();
    expect(code).toBe(1);
    expect(report).toMatch(said);
  });

  it('are seen to differ by a file', async () => {
    rmSync(join(sql, 'mssql', 'queries', 'catalog', 'find-map.sql'));
    writeFileSync(join(sql, 'mssql', 'queries', 'catalog', 'find-map-by-name.sql'), 'SELECT 1 AS [one];\n');
    const { code, report } = await compare();
    expect(code).toBe(1);
    expect(report).toContain('sql/postgres/queries/catalog/find-map.sql has no twin in sql/mssql');
    expect(report).toContain('sql/mssql/queries/catalog/find-map-by-name.sql has no twin in sql/postgres');
  });
});
