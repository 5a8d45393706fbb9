import { expect, test } from 'vitest';
import { QueryLibrary } from '../../../../src/engine/mssql/query-library.ts';

const library = new QueryLibrary();

test.each([
  ['policy/gate', { tables: '[]' }, 11],
  ['doctor/principal', {}, 2],
])('%s takes a right that the server gives no answer to for one that is given, and quotes names', (file, parameters, count) => {
  const { text } = library.query(file, parameters);
  // The server itself has no name, and those of the local map are the program's own.
  const ofNames = Array.from(text.matchAll(/(\S*)HAS_PERMS_BY_NAME\((?!NULL|t\.\[name\])(\S*)/g), ([, before = '', name = '']) => ({
    before,
    name,
  }));
  expect(ofNames).toHaveLength(count);
  for (const { before, name } of ofNames) {
    expect(before).toMatch(/COALESCE\($/);
    expect(name).toMatch(/^(?:QUOTENAME\(.+\),|N'tenantry',|t\.\[full_name\],)$/);
  }
});
