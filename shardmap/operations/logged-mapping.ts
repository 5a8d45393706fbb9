import * as z from 'zod';
import { TenantryError } from '../../src/core/errors.ts';
import { bytesToHex, hexToBytes } from '../key-encoding.ts';
import type { Mapping } from '../mapping.ts';
import type { OperationKindName } from '../operation.ts';

/** A mapping as an operation logs it: everything but who holds it. */
export type LoggedMapping = Omit<Mapping, 'operationId'>;

const hexSchema = z.string().regex(/^(?:[0-9a-f]{2})*$/);

/** Reads a logged mapping back. */
export const loggedMappingSchema = z
  .object({
    mappingId: z.int(),
    mapId: z.int(),
    kind: z.enum(['point', 'range']),
    low: hexSchema,
    high: hexSchema.optional(),
    shardId: z.string(),
    state: z.enum(['ADDING', 'ONLINE', 'OFFLINE', 'REMOVING']),
    epoch: z.int(),
  })
  .transform(({ low, high, ...rest }): LoggedMapping => ({
    ...rest,
    low: hexToBytes(low),
    ...(high !== undefined && { high: hexToBytes(high) }),
  }));

/** A mapping in the form in which an operation's payload, JSON, keeps it. */
export function logMapping(mapping: LoggedMapping): z.input<typeof loggedMappingSchema> {
  const { mappingId, mapId, kind, low, high, shardId, state, epoch } = mapping;
  return { mappingId, mapId, kind, low: bytesToHex(low), ...(high !== undefined && { high: bytesToHex(high) }), shardId, state, epoch };
}

/** An operation's payload by its kind's schema. Throws INTERNAL where it is not of that form. */
export function readPayload<S extends z.ZodType>(schema: S, kind: OperationKindName, payload: unknown): z.output<S> {
  const { success, data, error } = schema.safeParse(payload);
  if (!success) throw new TenantryError('INTERNAL', `The log has an operation ${kind} whose payload is not of its form.`, { cause: error });
  return data;
}
