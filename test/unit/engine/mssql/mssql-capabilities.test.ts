import { expect, test } from 'vitest';
import { mssqlCapabilities } from '../../../../src/engine/mssql/mssql-capabilities.ts';

const all = { securityPolicies: true, readOnlyContext: true, jsonTables: true, serialPlans: true };
const none = { securityPolicies: false, readOnlyContext: false, jsonTables: false, serialPlans: false };

test.each([
  ['SQL Server 2019', [15, 3, 150, true], all],
  ['SQL Server 2016', [13, 3, 130, true], all],
  ['SQL Server 2014', [12, 3, 120, false], none],
  ['Azure SQL Database, which tells version 12', [12, 5, 150, true], all],
  ['Managed Instance', [12, 8, 150, true], all],
  ['a database that was brought along from an older server', [16, 3, 120, true], { ...all, jsonTables: false }],
  ['a database whose plans may be parallel', [16, 3, 160, false], { ...all, serialPlans: false }],
  ['a server that tells nothing', [null, null, null, null], none],
] as const)('%s', (_name, [major, edition, compatibility, serialPlans], expected) => {
  expect(mssqlCapabilities({ major, edition, compatibility, serialPlans })).toEqual(expected);
});
