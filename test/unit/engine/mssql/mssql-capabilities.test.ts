import { expect, test } from 'vitest';
import { mssqlCapabilities } from '../../../../src/engine/mssql/mssql-capabilities.ts';

const all = { securityPolicies: true, readOnlyContext: true, jsonTables: true };
const none = { securityPolicies: false, readOnlyContext: false, jsonTables: false };

test.each([
  ['SQL Server 2019', [15, 3, 150], all],
  ['SQL Server 2016', [13, 3, 130], all],
  ['SQL Server 2014', [12, 3, 120], none],
  ['Azure SQL Database, which tells version 12', [12, 5, 150], all],
  ['Managed Instance', [12, 8, 150], all],
  ['a database that was brought along from an older server', [16, 3, 120], { ...all, jsonTables: false }],
  ['a server that tells nothing', [null, null, null], none],
] as const)('%s', (_name, [major, edition, compatibility], expected) => {
  expect(mssqlCapabilities({ major, edition, compatibility })).toEqual(expected);
});
