import pg from 'pg';
import { TenantryError } from '../../core/errors.ts';

const { types, TypeOverrides } = pg;
const int8 = 20;
const int8Array = 1016;
const textArray = 1009;

/** Types of the program's own queries: as pg reads them, but 64-bit integers as numbers. */
export function ownTypes(): InstanceType<typeof TypeOverrides> {
  const overrides = new TypeOverrides();
  overrides.setTypeParser(int8, safeNumber);
  const texts = types.getTypeParser(textArray) as (value: string) => (string | null)[];
  overrides.setTypeParser(int8Array, (value) => texts(value).map((item) => (item === null ? null : safeNumber(item))));
  return overrides;
}

/** A number that has no rounding in it. Throws INTERNAL beyond 2^53. */
function safeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new TenantryError('INTERNAL', 'A 64-bit integer of the database is beyond 2^53.');
  return value;
}
