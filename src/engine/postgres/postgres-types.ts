import pg from 'pg';
import { TenantryError } from '../../core/errors.ts';

const { TypeOverrides } = pg;
const int8 = 20;

/** Types of the program's own queries: as pg reads them, but 64-bit integers as numbers. */
export function ownTypes(): InstanceType<typeof TypeOverrides> {
  const overrides = new TypeOverrides();
  overrides.setTypeParser(int8, safeNumber);
  return overrides;
}

/** A number that has no rounding in it. Throws INTERNAL beyond 2^53. */
function safeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new TenantryError('INTERNAL', 'A 64-bit integer of the database is beyond 2^53.');
  return value;
}
