import { expect, test } from 'vitest';
import { QueryLibrary } from '../../../../src/engine/mssql/query-library.ts';

const library = new QueryLibrary();

/** Rights that not every server knows, and names that whoever has no right to them does not see: for these no answer is none. */
const mayHaveNoAnswer =
  /'(?:BACKUP (?:DATABASE|LOG)|VIEW DATABASE (?:PERFORMANCE|SECURITY) STATE|ALTER ANY DATABASE EVENT SESSION)'|N'(?:ROLE|LOGIN)'|hidden_row/;

test.each([
  ['policy/gate', { tables: '[]' }, 26],
  ['doctor/principal', {}, 2],
])('%s takes a right that the server gives no answer to for one that is given, and quotes names', (file, parameters, count) => {
  const { text } = library.query(file, parameters);
  // The server itself has no name, and those of the local map are the program's own. The database is NULL, as its own page says.
  const ofNames = Array.from(
    text.matchAll(/(\S*)HAS_PERMS_BY_NAME\((?!NULL, NULL|t\.\[name\])(\S*) ([^)]*)\)(?=([^)]*))/g),
    ([, before = '', name = '', right = '', otherwise = '']) => ({ before, name, right, otherwise }),
  );
  expect(ofNames).toHaveLength(count);
  for (const { before, name, right, otherwise } of ofNames) {
    // Of users, roles and logins the name is asked bare where it has no answer in brackets: an answer for another one it cannot be, having
    // one part.
    if (/^[pr]\.\[name\],$/.test(name)) continue;
    expect(before).toMatch(/COALESCE\($/);
    expect(name).toMatch(/^(?:NULL,|(?:CONCAT\()?QUOTENAME\(.+\),|N'tenantry(?:\.hidden_row)?',|t\.\[full_name\],)$/);
    if (!mayHaveNoAnswer.test(`${name} ${right}`) && !name.includes('QUOTENAME')) expect(otherwise).toBe(', 1');
  }
  expect(text).not.toContain('QUOTENAME(DB_NAME())');
});

test('policy/gate asks for the rights to the server by which a statement would reach beyond its database or see others', () => {
  const { text } = library.query('policy/gate', { tables: '[]' });
  const asked = Array.from(text.matchAll(/HAS_PERMS_BY_NAME\(NULL, NULL, N'([^']+)'\)/g), ([, right]) => right);
  expect(asked).toEqual([
    'CONTROL SERVER',
    'ALTER ANY LOGIN',
    'ALTER ANY LINKED SERVER',
    'VIEW SERVER STATE',
    'VIEW SERVER PERFORMANCE STATE',
    'VIEW SERVER SECURITY STATE',
    'ALTER TRACE',
    'ALTER ANY EVENT SESSION',
  ]);
});

test('engine/inspect waits for no lock on the tables that a tenant could lock, being able to read them', () => {
  const { text } = library.query('engine/inspect', {});
  const tables = Array.from(text.matchAll(/(?:FROM|JOIN) (\[tenantry\]\S+) AS \w( WITH \(READUNCOMMITTED\))?/g), ([, table, hint]) => [
    table,
    hint,
  ]);
  const hint = ' WITH (READUNCOMMITTED)';
  expect(tables).toEqual([
    ['[tenantry].[schema_version]', hint],
    ['[tenantry].[shard_identity]', hint],
  ]);
});
