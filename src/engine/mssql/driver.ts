import type { Connection, Request, TYPES } from 'tedious';
import { exactDecimal } from './exact-decimal.ts';

/** What is used of the driver. */
export interface Driver {
  readonly Connection: typeof Connection;
  readonly Request: typeof Request;
  readonly TYPES: typeof TYPES;
  readonly WrittenParts: new () => WrittenParts;
}

/** What the driver writes a message into. Its types say that the class is somewhere else in its module. */
export interface WrittenParts {
  readonly length: number;
  /** All in one piece. */
  readonly data: Buffer;
  /** All, as it was written. */
  getBuffers(): readonly Buffer[];
}

/** Loads the driver, once in the life of a process: it takes longer than a command to run, and none does that needs no SQL Server. */
export async function loadDriver(): Promise<Driver> {
  const { Connection: connection, Request: request, TYPES: types } = await import('tedious');
  const { default: parts } = (await import('tedious/lib/tracking-buffer/writable-tracking-buffer.js')) as unknown as {
    readonly default: Driver['WrittenParts'];
  };
  return { Connection: connection, Request: request, TYPES: { ...types, Decimal: exactDecimal(types.Decimal) }, WrittenParts: parts };
}
