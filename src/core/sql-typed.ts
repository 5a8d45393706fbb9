import { TenantryError } from './errors.ts';
import { isUuid } from './uuid.ts';

/** Types that no JavaScript value stands for. */
export type SqlType = { readonly name: 'uuid' } | { readonly name: 'decimal'; readonly precision: number; readonly scale: number };

/** A value with the type that it travels as where an engine wants one named; made by `sql.uuid` and `sql.decimal`. */
export class SqlTyped {
  readonly type: SqlType;
  /** As every engine reads it. */
  readonly text: string;

  constructor(type: SqlType, text: string) {
    this.type = type;
    this.text = text;
  }
}

const decimalPattern = /^-?(\d+)(?:\.(\d+))?$/;

/** Most digits of a decimal (SQL Server, *decimal and numeric*; PostgreSQL has more). */
const mostDigits = 38;

/** Throws INVALID_REQUEST for anything but 32 hexadecimal digits in five groups. */
export function uuidValue(text: string): SqlTyped {
  if (typeof text !== 'string' || !isUuid(text))
    throw new TenantryError('INVALID_REQUEST', 'A uuid is 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 with hyphens between them.');
  return new SqlTyped({ name: 'uuid' }, text);
}

/** Throws INVALID_REQUEST for a type that no engine has, and for a number that would have to be rounded to be of it. */
export function decimalValue(text: string, precision: number, scale: number): SqlTyped {
  if (!isWithin(precision, 1, mostDigits) || !isWithin(scale, 0, precision))
    throw new TenantryError('INVALID_REQUEST', `A decimal has 1 to ${mostDigits} digits, and as many or fewer of them after its point.`);
  const [, whole = '', fraction = ''] = (typeof text === 'string' ? decimalPattern.exec(text) : null) ?? [];
  if (whole === '')
    throw new TenantryError(
      'INVALID_REQUEST',
      'A decimal is given as text: digits, with a minus before them and a point among them where due.',
    );
  if (whole.replace(/^0+/, '').length > precision - scale || fraction.replace(/0+$/, '').length > scale)
    throw new TenantryError('INVALID_REQUEST', `The number does not fit decimal(${precision}, ${scale}) as it is.`);
  return new SqlTyped({ name: 'decimal', precision, scale }, text);
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
