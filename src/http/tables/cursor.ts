import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SqlValue } from '../../core/sql.ts';
import type { Caller } from '../auth/caller.ts';
import { InvalidRequest } from '../request-problem.ts';
import type { Table } from './table.ts';

const macBytes = 16;
const form = /^[A-Za-z0-9_-]{1,8192}$/;

/** Keys that cursors are made with: the first signs, all are honoured while keys are rotated. */
export type CursorKeys = readonly [Uint8Array, ...Uint8Array[]];

/** The key for cursors that belongs to a fleet key: every process of a fleet accepts the cursors of the others. */
export function cursorKey(fleetKey: Uint8Array): Uint8Array {
  return createHmac('sha256', fleetKey).update('tenantry cursor').digest();
}

/** A cursor after a row: opaque, and of use to this caller, for this tenant and table alone. */
export function formatCursor(keys: CursorKeys, table: Table, caller: Caller, lastKey: readonly string[]): string {
  const payload = Buffer.from(JSON.stringify(lastKey));
  return Buffer.concat([mac(keys[0], table, caller, payload), payload]).toString('base64url');
}

/** The key values after which the page begins. Throws INVALID_REQUEST for anything that `formatCursor` did not make. */
export function parseCursor(keys: CursorKeys, table: Table, caller: Caller, cursor: string): SqlValue[] {
  const bytes = form.test(cursor) ? Buffer.from(cursor, 'base64url') : Buffer.alloc(0);
  const sent = bytes.subarray(0, macBytes);
  const payload = bytes.subarray(macBytes);
  const isOurs = sent.length === macBytes && bytes.toString('base64url') === cursor;
  if (!isOurs || !keys.some((key) => timingSafeEqual(mac(key, table, caller, payload), sent))) throw foreignCursor();
  const texts = JSON.parse(payload.toString()) as readonly string[];
  const values = table.key.map(({ codec }, index) => codec.fromText(texts[index] ?? ''));
  // A key that was signed before the table's key changed does not fit it any more.
  if (texts.length !== values.length || values.includes(undefined)) throw foreignCursor();
  return values.filter((value) => value !== undefined);
}

function mac(key: Uint8Array, table: Table, caller: Caller, payload: Uint8Array): Buffer {
  const bound = JSON.stringify([table.name, caller.tenant.type, caller.tenant.text, caller.issuer, caller.subject ?? null]);
  return createHmac('sha256', key)
    .update(`${Buffer.byteLength(bound)}:`)
    .update(bound)
    .update(payload)
    .digest()
    .subarray(0, macBytes);
}

function foreignCursor(): InvalidRequest {
  return new InvalidRequest([
    { in: 'query', pointer: '/cursor', detail: 'must be the next of an answer for this table, tenant and caller' },
  ]);
}
