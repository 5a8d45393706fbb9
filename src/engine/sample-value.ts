const day = 86_400_000;
const firstDay = Date.UTC(2000, 0, 1);

/** Far from what sequences and identities have come to: a sample must not meet a row that is there. Of two, four and eight bytes. */
export const farSmall = 32_000;
export const farInteger = 2_147_480_000;
export const farBigint = 9_223_372_036_854_770_000n;

/** A short text, another one for each number, of at most so many characters. */
export function sampleText(number: number, length?: number | null): string {
  const text = `zzprobe${number}`;
  if (length === undefined || length === null || text.length <= length) return text;
  return number.toString(36).padStart(length, 'z').slice(-length);
}

/** Whole digits before the point, as many as fit. */
export function sampleDecimal(number: number, precision?: number | null, scale?: number | null): string {
  if (precision === undefined || precision === null) return String(number);
  return String(number % 10 ** Math.min(9, Math.max(0, precision - (scale ?? 0))));
}

/** `2000-01-02`. */
export function sampleDate(number: number): string {
  return new Date(firstDay + number * day).toISOString().slice(0, 10);
}

/** A uuid of version 4. */
export function sampleUuid(number: number): string {
  return `ffffffff-ffff-4fff-afff-${number.toString(16).padStart(12, '0')}`;
}

/** Bytes as hexadecimal digits, at most so many bytes. */
export function sampleHex(number: number, length?: number | null): string {
  const hex = number.toString(16).padStart(8, '0');
  return length === undefined || length === null || length >= 4 ? hex : hex.slice(-2 * length);
}
