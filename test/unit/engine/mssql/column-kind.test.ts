import { expect, test } from 'vitest';
import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';

test.each([
  ['tinyint', 'int16'],
  ['money', 'decimal'],
  ['float', 'float64'],
  ['nchar', 'text'],
  ['smalldatetime', 'timestamp'],
  ['datetimeoffset', 'instant'],
  ['timestamp', null],
  ['xml', null],
  ['sql_variant', null],
])('values of SQL Server’s %s are %s', (baseType, kind) => {
  expect(mssqlDialect.columnKind(baseType)).toBe(kind);
});
