import { createHash } from 'node:crypto';
import { TenantryError } from '../../core/errors.ts';
import { QueryLibrary } from './query-library.ts';

/** The digest of `tenantry.fingerprint_items` as this program has it: the server keeps the batch that made it (OBJECT_DEFINITION), in UTF-16. */
export function fingerprintFunction(): string {
  return (ofFile ??= digestOfFile());
}
let ofFile: string | undefined;

function digestOfFile(): string {
  const batches = new QueryLibrary().script('schema/shard/060-fingerprint');
  const text = batches.find((batch) => batch.includes('CREATE FUNCTION [tenantry].[fingerprint_items]'));
  if (text === undefined) throw new TenantryError('INTERNAL', 'schema/shard/060-fingerprint.sql has no function [fingerprint_items].');
  return createHash('sha256').update(text, 'utf16le').digest('hex');
}
