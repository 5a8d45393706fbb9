import { bytesToHex, hexToBytes } from './key-encoding.ts';
import { containsKey, type MappingKeys, type MappingKind } from './mapping.ts';
import type { RoutedKeys } from './route.ts';

/** What follows the epoch: mapping id, shard id, and for a range its ends in hexadecimal digits, `-` for no upper end. */
const form = /^(\d{1,16}) (-?\d{1,10}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?: ([0-9a-f]*) ([0-9a-f]+|-))?$/;

/** A route as the shared cache holds it: its epoch first, so that the cache can compare two without knowing more. */
export function routeToText({ keys, route }: RoutedKeys): string {
  const text = `${route.epoch} ${route.mappingId} ${route.shardId}`;
  if (keys.kind === 'point') return text;
  return `${text} ${bytesToHex(keys.low)} ${keys.high === undefined ? '-' : bytesToHex(keys.high)}`;
}

/** The route of one key from its text; undefined where the text is none, is of another kind of map, or is not about the key. */
export function routeFromText(text: string, kind: MappingKind, key: Uint8Array): RoutedKeys | undefined {
  const [, epoch, mappingId, shardId, low, high] = form.exec(text) ?? [];
  if (shardId === undefined || (low === undefined) !== (kind === 'point')) return undefined;
  const route = { mappingId: Number(mappingId), shardId, epoch: Number(epoch) };
  if (!Number.isSafeInteger(route.epoch) || route.mappingId !== (route.mappingId | 0)) return undefined;
  const keys: MappingKeys =
    low === undefined ? { kind, low: key } : { kind, low: hexToBytes(low), ...(high === '-' ? {} : { high: hexToBytes(high ?? '') }) };
  return containsKey(keys, key) ? { keys, route } : undefined;
}
