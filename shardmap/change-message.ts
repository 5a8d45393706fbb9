import * as z from 'zod';
import { TenantryError } from '../src/core/errors.ts';
import { bytesToHex, hexToBytes } from './key-encoding.ts';
import type { MappingKeys, MappingKind } from './mapping.ts';
import type { Route } from './route.ts';

/** A committed change of one map: where its keys are now, or, without a route, that they have no mapping any more. */
export interface KeysChange {
  readonly keys: MappingKeys;
  readonly route?: Route | undefined;
}

const bytes = z
  .string()
  .regex(/^(?:[0-9a-f]{2}){0,128}$/)
  .transform(hexToBytes);

const message = z.strictObject({
  kind: z.enum(['point', 'range']),
  low: bytes,
  high: bytes.optional(),
  route: z.strictObject({ mappingId: z.int32(), shardId: z.guid(), epoch: z.int().nonnegative() }).optional(),
});

/** A change as it is published. */
export function changeToMessage({ keys, route }: KeysChange): string {
  const { kind, low, high } = keys;
  return JSON.stringify({
    kind,
    low: bytesToHex(low),
    ...(high === undefined ? {} : { high: bytesToHex(high) }),
    ...(route === undefined ? {} : { route: { mappingId: route.mappingId, shardId: route.shardId, epoch: route.epoch } }),
  });
}

/** Inverse of `changeToMessage`. Throws INVALID_REQUEST for anything else, also for a change of the other kind of map. */
export function changeFromMessage(text: string, kind: MappingKind): KeysChange {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new TenantryError('INVALID_REQUEST', 'A published change is not JSON.', { cause });
  }
  const result = message.safeParse(parsed);
  if (!result.success) throw new TenantryError('INVALID_REQUEST', 'A published change is malformed.', { cause: result.error });
  const { low, high, route } = result.data;
  if (result.data.kind !== kind)
    throw new TenantryError('INVALID_REQUEST', `A published change is about a ${result.data.kind}, in a map of the other kind.`);
  return { keys: { kind, low, ...(high === undefined ? {} : { high }) }, route };
}
