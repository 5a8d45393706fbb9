import { TenantryError } from '../../core/errors.ts';
import type { Row } from '../../core/session.ts';

/** A column of an answer, as the driver describes it. */
export interface AnswerColumn {
  readonly colName: string;
  readonly type: { readonly name: string };
  /** Bytes of a value, which tell integers apart. */
  readonly dataLength?: number | undefined;
  readonly scale?: number | undefined;
}

/** One value of a row, as the driver has it. */
export interface AnswerValue {
  readonly value: unknown;
}

/** Bytes that a row counts besides its values. */
const rowBytes = 64;
/** So many digits of a decimal survive the driver, which makes a binary floating-point number of it. */
const exactDigits = 15;

type Reader = (value: unknown) => unknown;

/** How values of a use of the engine are given: `text` for 64-bit integers of callers, `number` for the program's own. */
export type BigintForm = 'text' | 'number';

/**
 * Makes rows of what the driver gives for one set of columns: 64-bit integers and decimals as text, times of day as text,
 * other times as Date (the driver's own, whose `nanosecondsDelta` has what is below a millisecond), bytes as Uint8Array.
 */
export class RowReader {
  readonly #names: readonly string[];
  readonly #readers: readonly (Reader | undefined)[];

  constructor(columns: readonly AnswerColumn[], bigints: BigintForm) {
    this.#names = columns.map(({ colName }) => colName);
    this.#readers = columns.map((column) => readerOf(column, bigints));
  }

  /** Throws INTERNAL for a number that the driver has rounded. */
  read(values: readonly AnswerValue[]): Row {
    const row: Row = {};
    for (let index = 0; index < this.#names.length; index += 1) {
      const name = this.#names[index] ?? '';
      const reader = this.#readers[index];
      const value = values[index]?.value;
      const read = reader === undefined || value === null || value === undefined ? value : reader(value);
      if (name === '__proto__') Object.defineProperty(row, name, { value: read, enumerable: true, configurable: true, writable: true });
      else row[name] = read;
    }
    return row;
  }
}

/** Roughly what a row takes in memory. */
export function sizeOfRow(values: readonly AnswerValue[]): number {
  let size = rowBytes;
  for (const { value } of values) {
    if (typeof value === 'string') size += value.length * 2;
    else if (value instanceof Uint8Array) size += value.length;
    else size += 8;
  }
  return size;
}

function readerOf({ type, dataLength, scale }: AnswerColumn, bigints: BigintForm): Reader | undefined {
  switch (type.name) {
    case 'BigInt':
      return bigints === 'number' ? safeNumber : undefined;
    case 'IntN':
      return bigints === 'number' && dataLength === 8 ? safeNumber : undefined;
    case 'Decimal':
    case 'DecimalN':
    case 'Numeric':
    case 'NumericN':
      return (value) => exactDecimal(value, scale ?? 0);
    case 'Money':
    case 'MoneyN':
    case 'SmallMoney':
      return (value) => exactDecimal(value, 4);
    case 'Time':
      return (value) => timeOfDay(value, scale ?? 7);
    default:
      return undefined;
  }
}

/** A number that has no rounding in it. */
function safeNumber(value: unknown): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new TenantryError('INTERNAL', 'A 64-bit integer of the database is beyond 2^53.');
  return number;
}

function exactDecimal(value: unknown, scale: number): string {
  const text = Number(value).toFixed(scale);
  if (text.replace(/^-?0*\.?0*/, '').replace('.', '').length > exactDigits)
    throw new TenantryError(
      'INTERNAL',
      `A decimal of the answer has more than ${exactDigits} digits, which the driver rounds: cast it to varchar in the statement.`,
    );
  return text;
}

function timeOfDay(value: unknown, scale: number): string {
  if (!(value instanceof Date)) throw new TenantryError('INTERNAL', 'The driver gave a time of day in an unknown form.');
  const { nanosecondsDelta = 0 } = value as { nanosecondsDelta?: number };
  const below = Math.round(nanosecondsDelta * 1e7)
    .toString()
    .padStart(4, '0');
  const [whole = '', milliseconds = ''] = value.toISOString().slice(11, 23).split('.');
  return scale === 0 ? whole : `${whole}.${`${milliseconds}${below}`.slice(0, scale)}`;
}
