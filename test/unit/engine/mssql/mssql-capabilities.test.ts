import { expect, test } from 'vitest';
import { mssqlCapabilities } from '../../../../src/engine/mssql/mssql-capabilities.ts';
import { allCapabilities as all } from '../../../support/all-capabilities.ts';

const none = {
  securityPolicies: false,
  readOnlyContext: false,
  jsonTables: false,
  serialPlans: false,
  resetClearsContext: false,
  changeTracking: false,
};

test.each([
  ['SQL Server 2019', [15, 3, 150, true, true], all],
  ['SQL Server 2016', [13, 3, 130, true, true], all],
  ['SQL Server 2014', [12, 3, 120, false, false], none],
  [
    'a server that is no SQL Server, and tells a version of before 2016',
    [12, 3, 130, true, true],
    { ...none, jsonTables: true, serialPlans: true, changeTracking: true },
  ],
  ['Azure SQL Database, which tells version 12', [12, 5, 150, true, true], all],
  ['Managed Instance', [12, 8, 150, true, true], all],
  ['a database that was brought along from an older server', [16, 3, 120, true, true], { ...all, jsonTables: false }],
  ['a database whose plans may be parallel', [16, 3, 160, false, true], { ...all, serialPlans: false }],
  ['a database whose changes are not tracked', [16, 3, 160, true, false], { ...all, changeTracking: false }],
  ['a server that tells nothing', [null, null, null, null, null], none],
] as const)('%s', (_name, [major, edition, compatibility, serialPlans, changeTracking], expected) => {
  expect(mssqlCapabilities({ major, edition, compatibility, serialPlans, changeTracking })).toEqual(expected);
});
