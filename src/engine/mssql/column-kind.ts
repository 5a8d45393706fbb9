import type { ColumnKind } from '../../core/column-kind.ts';

/**
 * By the base type's name as `shard/describe-tables` and `policy/procedures` give it. What is called timestamp there is a row's version.
 */
const kinds: Readonly<Record<string, ColumnKind>> = {
  tinyint: 'int16',
  smallint: 'int16',
  int: 'int32',
  bigint: 'int64',
  decimal: 'decimal',
  numeric: 'decimal',
  money: 'decimal',
  smallmoney: 'decimal',
  real: 'float32',
  float: 'float64',
  bit: 'boolean',
  nvarchar: 'text',
  varchar: 'text',
  nchar: 'text',
  char: 'text',
  uniqueidentifier: 'uuid',
  varbinary: 'bytes',
  binary: 'bytes',
  date: 'date',
  time: 'time',
  datetime2: 'timestamp',
  datetime: 'timestamp',
  smalldatetime: 'timestamp',
  datetimeoffset: 'instant',
};

/** `SqlDialect.columnKind` of SQL Server. */
export function columnKind(baseType: string | null): ColumnKind | null {
  return kinds[baseType ?? ''] ?? null;
}
