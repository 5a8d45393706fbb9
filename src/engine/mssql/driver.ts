import type { Connection, Request, TYPES } from 'tedious';
import { exactDecimal } from './exact-decimal.ts';

/** What is used of the driver. */
export interface Driver {
  readonly Connection: typeof Connection;
  readonly Request: typeof Request;
  readonly TYPES: typeof TYPES;
}

/** Loads the driver, once in the life of a process: it takes longer than a command to run, and none does that needs no SQL Server. */
export async function loadDriver(): Promise<Driver> {
  const { Connection: connection, Request: request, TYPES: types } = await import('tedious');
  return { Connection: connection, Request: request, TYPES: { ...types, Decimal: exactDecimal(types.Decimal) } };
}
