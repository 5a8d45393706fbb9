import { TenantryError } from '../../core/errors.ts';
import type { Row } from '../../core/session.ts';
import type { SqlValue } from '../../core/sql.ts';
import { InvalidRequest } from '../request-problem.ts';
import { keyTexts } from './row-json.ts';
import type { Table } from './table.ts';

/**
 * The key values of a path's last segment, still percent-encoded: `7`, or `a,b` for a composite key (a comma within a
 * value is `%2C`). Throws INVALID_REQUEST naming every part that is wrong, NOT_FOUND where a tenant's
 * one row has no key.
 */
export function parseRowKey(table: Table, segment: string): SqlValue[] {
  if (table.key.length === 0) throw new TenantryError('NOT_FOUND');
  const parts = segment.split(',');
  if (parts.length !== table.key.length) {
    const names = table.key.map(({ name }) => name).join(',');
    throw new InvalidRequest([{ in: 'path', pointer: '/key', detail: `must have ${table.key.length} parts between commas: ${names}` }]);
  }
  const values = table.key.map(({ codec }, index) => {
    const text = percentDecoded(parts[index] ?? '');
    return text === undefined ? undefined : codec.fromText(text);
  });
  const problems = table.key.flatMap(({ name, codec }, index) =>
    values[index] === undefined ? [{ in: 'path' as const, pointer: `/key/${index}`, detail: `(${name}) must be ${codec.allowed}` }] : [],
  );
  if (problems.length > 0) throw new InvalidRequest(problems);
  return values.filter((value) => value !== undefined);
}

/** The path segment that names a row: what `parseRowKey` takes. */
export function formatRowKey(table: Table, rendered: Row): string {
  return keyTexts(table.key, rendered).map(encodeURIComponent).join(',');
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a lone % or bytes that are no UTF-8 are no key
  }
}
