/** A type of SQL Server as this server reads and writes it. */
export interface SqlType {
  /** Lower-case name without length: `nvarchar`. */
  readonly name: string;
  /** Length in characters or bytes; `max` where it has none. */
  readonly length?: number | 'max';
  readonly precision?: number;
  readonly scale?: number;
}

const withLength = new Set(['nvarchar', 'nchar', 'varchar', 'char', 'varbinary', 'binary']);
const withScale = new Set(['datetime2', 'time', 'datetimeoffset']);
const withPrecision = new Set(['decimal', 'numeric']);

/** Reads a declaration such as `nvarchar(40)`, `varbinary(max)`, `decimal(18, 4)`, `datetime2(7)`, `int`. Throws Error where it cannot. */
export function parseSqlType(declaration: string): SqlType {
  const match = /^\s*(\w+)\s*(?:\(\s*(\w+)\s*(?:,\s*(\d+)\s*)?\))?\s*$/.exec(declaration);
  if (match === null) throw new Error(`No type: ${declaration}`);
  const [, name = '', first, second] = match;
  const lower = name.toLowerCase();
  if (withLength.has(lower)) return { name: lower, length: first === 'max' ? 'max' : Number(first ?? 1) };
  if (withScale.has(lower)) return { name: lower, scale: Number(first ?? 7) };
  if (withPrecision.has(lower)) return { name: lower, precision: Number(first ?? 18), scale: Number(second ?? 0) };
  return { name: lower };
}

/** The declaration of a type, the reverse of `parseSqlType`. */
export function describeSqlType({ name, length, precision, scale }: SqlType): string {
  if (length !== undefined) return `${name}(${length})`;
  if (precision !== undefined) return `${name}(${precision},${scale ?? 0})`;
  return scale === undefined ? name : `${name}(${scale})`;
}

/** Bytes that a time of day takes at a scale of 0 to 7 (MS-TDS 2.2.5.5.1.8). */
export function timeBytes(scale: number): number {
  if (scale <= 2) return 3;
  return scale <= 4 ? 4 : 5;
}
