import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { keyTypes, type KeyType } from '../../../../src/core/key-type.ts';

/** What is different in the files of the key types, behind the function that reads a key. */
const differences: Readonly<Record<KeyType, { readonly type: string; readonly least: RegExp; readonly greatest: RegExp }>> = {
  int: { type: 'int', least: /CAST\(-2147483648 AS int\)/, greatest: /CAST\(2147483647 AS int\)/ },
  bigint: { type: 'bigint', least: /CAST\(-9223372036854775808 AS bigint\)/, greatest: /CAST\(9223372036854775807 AS bigint\)/ },
  uuid: {
    type: 'uniqueidentifier',
    least: /CAST\(0x(?:00){16} AS uniqueidentifier\)/,
    greatest: /CAST\(0x(?:FF){16} AS uniqueidentifier\)/,
  },
  string: {
    type: 'nvarchar(128)',
    least: /CAST\(N'' AS nvarchar\(128\)\)/,
    greatest: /REPLICATE\(CAST\(NCHAR\(65535\) AS nvarchar\(128\)\), 128\)/,
  },
  bytes: {
    type: 'varbinary(128)',
    least: /CAST\(0x AS varbinary\(128\)\)/,
    greatest: /CAST\(\s*(?:[+\s]*0x(?:FF){32}){4}\s*AS varbinary\(128\)\)/,
  },
};

/** A file's part that all types have, with names in place of what is different. */
function common(keyType: KeyType): string {
  const file = readFileSync(new URL(`../../../../sql/mssql/schema/shard/020-tenant-${keyType}.sql`, import.meta.url), 'utf8');
  const { type, least, greatest } = differences[keyType];
  const part = file.slice(file.indexOf('-- The entered tenant,'));
  const [lowest, highest] = [part.match(new RegExp(least, 'g')), part.match(new RegExp(greatest, 'g'))].map((found) => found?.length);
  expect([keyType, lowest, highest]).toEqual([keyType, 1, 1]);
  return part
    .replace(least, '<least>')
    .replace(greatest, '<greatest>')
    .replaceAll(type, '<type>')
    .replace(/^-- By code point: .*\n/m, '')
    .replaceAll(' COLLATE Latin1_General_100_BIN2', '');
}

test.each(keyTypes)('what is of every key type is the same for %s, but for its type and its ends', (keyType) => {
  expect(common(keyType)).toBe(common('int'));
});

test('texts alone are compared by a collation of their own, at both ends', () => {
  const file = readFileSync(new URL('../../../../sql/mssql/schema/shard/020-tenant-string.sql', import.meta.url), 'utf8');
  expect(file.match(/@tenant COLLATE Latin1_General_100_BIN2 (?:>=|<=) CASE/g)).toHaveLength(2);
});
