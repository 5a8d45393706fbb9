import { createHash } from 'node:crypto';
import { TenantryError } from '../../core/errors.ts';
import { QueryLibrary } from './query-library.ts';

/** Of ANSI_NULLS and QUOTED_IDENTIFIER, both on, by which it was made. */
const madeUnder = '11';

/**
 * The digest of `tenantry.fingerprint_items` as this program makes it: the server keeps the batch that made it, in UTF-16, and under what
 * (`functionDigest` of `policy/fingerprint`). As whom it runs stands in the text, and it looks for itself.
 */
export function fingerprintFunction(): string {
  return (ofFile ??= digestOfFile());
}
let ofFile: string | undefined;

function digestOfFile(): string {
  const batches = new QueryLibrary().script('schema/shard/060-fingerprint');
  const text = batches.find((batch) => batch.includes('CREATE FUNCTION [tenantry].[fingerprint_items]'));
  if (text === undefined) throw new TenantryError('INTERNAL', 'schema/shard/060-fingerprint.sql has no function [fingerprint_items].');
  return createHash('sha256')
    .update(madeUnder + text, 'utf16le')
    .digest('hex');
}
