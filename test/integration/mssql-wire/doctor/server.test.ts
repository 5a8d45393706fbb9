import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Finding } from '../../../../src/cli/services.ts';
import { columnsOf } from '../../../support/library-answers.ts';
import { findings, onShard } from '../../../support/scripted-diagnosis.ts';

/** A query as it is written; texts of several lines are one. */
const sourceOf = (file: 'catalog' | 'change-tracking' | 'server'): string =>
  readFileSync(new URL(`../../../../sql/mssql/queries/doctor/${file}.sql`, import.meta.url), 'utf8').replaceAll(/'\s+\+ N'/g, '');
interface QueryRow {
  /** None where every row is a warning. */
  readonly level: Finding['level'] | '';
  readonly what: string;
  /** As much as stands there as text. */
  readonly remedy: string | null;
  readonly advice: string | null;
}
/** Every row that a query can give. */
const rowsIn = (query: string): QueryRow[] =>
  [...query.matchAll(/THEN 1 END,(?: N'(problem|warning)',)?\s*N'((?:[^']|'')+)',\s*((?:[^']|'(?:[^']|'')*')*?)\),?\n/g)].map(
    ([, level = '', what = '', help = '']) => {
      const texts = [...help.matchAll(/N'((?:[^']|'')*)'/g)].map(([, text = '']) => text.replaceAll("''", "'"));
      return {
        level: level as QueryRow['level'],
        what: what.replaceAll("''", "'"),
        remedy: help.startsWith('NULL,') ? null : help.startsWith('@') ? '' : texts[0]!,
        advice: help.endsWith(', NULL') ? null : texts.at(-1)!,
      };
    },
  );
const source = sourceOf('server') + sourceOf('change-tracking');
const rowsOfServer = rowsIn(source);
const rowsOfCatalog = rowsIn(sourceOf('catalog'));

test.each([
  ['the version', 'older than SQL Server 2019', 'upgrade the server'],
  ['a build without corrections', 'from before CU14', 'newest cumulative update'],
  ['options of every session', 'begin with XACT_ABORT ON', "EXEC sys.sp_configure N'user options', "],
  ['hints for parallel plans', 'gives statements the hint MAXDOP', 'take MAXDOP out of'],
  ['definitions by app', 'keeps tenant traffic from definitions is missing', 'tenantry shard provision'],
  ['definitions that nobody watches', 'No trigger watches its definitions', 'trigger of the database'],
  ['a missing grant', 'may not call tenantry.enter', 'GRANT EXECUTE ON [tenantry].[enter]'],
  ['a missing right of admin', 'may not end sessions', 'GRANT VIEW SERVER STATE, ALTER ANY CONNECTION TO'],
  ['TRUSTWORTHY', 'TRUSTWORTHY is on', 'SET TRUSTWORTHY OFF'],
  ['delayed durability', 'DELAYED_DURABILITY is FORCED', 'SET DELAYED_DURABILITY = DISABLED'],
  ['TLS', 'connection is not encrypted', 'sslmode=verify-full'],
  ['TDE', 'TDE is off', 'BACKUP CERTIFICATE [tde]'],
  ['row versions', 'READ_COMMITTED_SNAPSHOT is off', 'ends every connection and undoes every open transaction'],
  ['snapshots', 'ALLOW_SNAPSHOT_ISOLATION is off', 'SET ALLOW_SNAPSHOT_ISOLATION ON'],
  ['change tracking of tables', 'not for every routed table', ''],
  ['the level of compatibility', 'compatibility level is below 150', 'SET COMPATIBILITY_LEVEL = 150'],
  [
    'a commit that no secondary has',
    'REQUIRED_SYNCHRONIZED_SECONDARIES_TO_COMMIT is 0',
    'SET (REQUIRED_SYNCHRONIZED_SECONDARIES_TO_COMMIT = 1)',
  ],
  ['a database that closes', 'AUTO_CLOSE is on', 'SET AUTO_CLOSE OFF'],
  ['damaged pages', 'PAGE_VERIFY is not CHECKSUM', 'SET PAGE_VERIFY CHECKSUM'],
  ['the collation, where keys are strings', 'Keys are strings', 'COLLATE Latin1_General_100_BIN2'],
  ['its retention', 'tracked for less than a day', 'CHANGE_RETENTION = 3 DAYS'],
  ['its clean-up', 'AUTO_CLEANUP is off', 'AUTO_CLEANUP = ON'],
])('shows what the server finds of %s, with what helps', async (_, what, help) => {
  const rows = rowsOfServer.filter((row) => row.what.includes(what));
  expect(rows).toHaveLength(1);
  const [{ level, what: whole, remedy, advice }] = rows as [QueryRow];
  expect(`${remedy} ${advice}`).toContain(help);
  const said =
    level === ''
      ? { 'doctor/change-tracking': { columns: columnsOf['doctor/change-tracking'], rows: [[whole, remedy, advice]] } }
      : { 'doctor/server': { columns: columnsOf['doctor/server'], rows: [[level, whole, remedy, advice]] } };
  const finding = { ...onShard, level: level || 'warning', text: `${whole}.` };
  expect(await findings(said)).toEqual([{ ...finding, ...(remedy === null ? {} : { remedy }), ...(advice === null ? {} : { advice }) }]);
});

test('has something to run, or words, in every row, and never words to run', () => {
  for (const { remedy, advice } of [...rowsOfServer, ...rowsOfCatalog]) {
    expect(remedy ?? advice).not.toBeNull();
    expect(remedy ?? '').toMatch(/^((ALTER DATABASE CURRENT SET|EXEC|GRANT|USE) .+)?$/);
    expect(remedy ?? '').not.toMatch(/, with| \(([a-z ])+/);
    expect(advice ?? '').not.toMatch(/^(ALTER|EXEC|GRANT|USE) /);
  }
});

test('has a row of a query in each of these cases, and no other row', () => {
  expect(rowsOfServer).toHaveLength(22);
  expect(source.match(/THEN 1 END/g)).toHaveLength(22);
});

test.each([
  ['problem', 'DELAYED_DURABILITY is FORCED', 'SET DELAYED_DURABILITY = DISABLED'],
  ['problem', 'compatibility level is below 130', 'SET COMPATIBILITY_LEVEL = 150'],
  ['warning', 'READ_COMMITTED_SNAPSHOT is off', 'SET READ_COMMITTED_SNAPSHOT ON'],
  ['warning', 'AUTO_CLOSE is on', 'SET AUTO_CLOSE OFF'],
])('knows as a %s of a catalog: %s, with what to run', (level, what, remedy) => {
  const [found, ...others] = rowsOfCatalog.filter((row) => row.what.includes(what));
  expect(others).toEqual([]);
  expect(found).toMatchObject({ level, remedy: expect.stringContaining(remedy) });
  expect(rowsOfCatalog).toHaveLength(4);
});

test.each(['DELAYED_DURABILITY is FORCED', 'AUTO_CLOSE is on'])(
  'says %s of a catalog as of a shard, but for what follows from it',
  (what) => {
    const [catalog, server] = [rowsOfCatalog, rowsOfServer].map((rows) => {
      const found = rows.find((row) => row.what.includes(what))!;
      return [found.level, found.what.split(':')[0], found.remedy, found.advice];
    });
    expect(catalog).toEqual(server);
  },
);
