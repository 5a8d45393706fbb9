import { TenantryError } from '../../src/core/errors.ts';

/** What a call gave, or the code of the error that it was refused with. */
export async function outcomeOf<Given>(call: Promise<Given>): Promise<Given | TenantryError['code']> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof TenantryError) return error.code;
    throw error;
  }
}
