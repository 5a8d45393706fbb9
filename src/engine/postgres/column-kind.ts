import type { ColumnKind } from '../../core/column-kind.ts';

/** By the base type's name as `shard/describe-tables` and `policy/procedures` give it: of the server's own, or of these two. */
const kinds: Readonly<Record<string, ColumnKind>> = {
  enum: 'text',
  citext: 'text',
  int2: 'int16',
  int4: 'int32',
  int8: 'int64',
  numeric: 'decimal',
  float4: 'float32',
  float8: 'float64',
  bool: 'boolean',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  uuid: 'uuid',
  bytea: 'bytes',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'instant',
  json: 'json',
  jsonb: 'json',
};

/** `SqlDialect.columnKind` of PostgreSQL. */
export function columnKind(baseType: string | null): ColumnKind | null {
  return kinds[baseType ?? ''] ?? null;
}
