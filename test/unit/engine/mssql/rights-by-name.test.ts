import { expect, test } from 'vitest';
import { QueryLibrary } from '../../../../src/engine/mssql/query-library.ts';

const library = new QueryLibrary();

test.each([
  ['policy/gate', { tables: '[]' }, 16],
  ['doctor/principal', {}, 2],
])('%s takes a right that the server gives no answer to for one that is given, and quotes names', (file, parameters, count) => {
  const { text } = library.query(file, parameters);
  // The server itself has no name, and those of the local map are the program's own. The database is NULL, as its own page says.
  const ofNames = Array.from(text.matchAll(/(\S*)HAS_PERMS_BY_NAME\((?!NULL, NULL|t\.\[name\])(\S*)/g), ([, before = '', name = '']) => ({
    before,
    name,
  }));
  expect(ofNames).toHaveLength(count);
  for (const { before, name } of ofNames) {
    // A user's name is asked bare where it has no answer in brackets: an answer for another one it cannot be, having one part.
    if (name === 'p.[name],') continue;
    expect(before).toMatch(/COALESCE\($/);
    expect(name).toMatch(/^(?:NULL,|(?:CONCAT\()?QUOTENAME\(.+\),|N'(?:tenantry|sys\.dm_db_stats_histogram)',|t\.\[full_name\],)$/);
  }
  expect(text).not.toContain('QUOTENAME(DB_NAME())');
});
