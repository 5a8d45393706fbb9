import type { Connection, Request, TYPES } from 'tedious';
import { lacking } from './driver-members.ts';
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

/**
 * Loads the driver, once in the life of a process: it takes longer than a command to run, and none does that needs no SQL Server. Throws
 * INVALID_CONFIGURATION for one that does not write messages as this one does.
 */
export async function loadDriver(): Promise<Driver> {
  const { Connection: connection, Request: request, TYPES: types } = await import('tedious');
  for (const [name, { writeTypeInfo, writeValue }] of Object.entries<Partial<typeof types.Int>>(types))
    if (!isFunction(writeTypeInfo) || !isFunction(writeValue)) throw lacking(`The driver has no type ${name}`);
  return {
    Connection: connection,
    Request: request,
    TYPES: { ...types, Decimal: exactDecimal(types.Decimal) },
    WrittenParts: await loadParts(),
  };
}

async function loadParts(): Promise<Driver['WrittenParts']> {
  const { default: parts } = await import('tedious/lib/tracking-buffer/writable-tracking-buffer.js').catch((error: unknown) => {
    throw lacking('The driver has no WritableTrackingBuffer', error);
  });
  if (!isParts(parts)) throw lacking('The driver has no WritableTrackingBuffer');
  return parts;
}

function isParts(value: unknown): value is Driver['WrittenParts'] {
  if (!isFunction(value)) return false;
  const { prototype } = value as { readonly prototype: object };
  return ['data', 'getBuffers', 'writeBuffer'].every((member) => member in prototype);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
