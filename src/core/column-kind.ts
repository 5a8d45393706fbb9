/** Types of values that travel as JSON, in words that all engines share; `timestamp` has no zone and holds UTC, `instant` has one. */
export const columnKinds = [
  'int16',
  'int32',
  'int64',
  'decimal',
  'float32',
  'float64',
  'boolean',
  'text',
  'uuid',
  'bytes',
  'date',
  'time',
  'timestamp',
  'instant',
  'json',
] as const;

/** One of `columnKinds`. */
export type ColumnKind = (typeof columnKinds)[number];
