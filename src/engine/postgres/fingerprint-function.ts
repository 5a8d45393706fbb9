import { createHash } from 'node:crypto';
import { TenantryError } from '../../core/errors.ts';
import { QueryLibrary } from './query-library.ts';

const body = /\bas \$fingerprint\$([\s\S]*?)\$fingerprint\$;/;

/** The digest of the body of `tenantry.fingerprint_items` as this program has it: the server keeps it as it was written. */
export function fingerprintFunction(): string {
  return (ofFile ??= digestOfFile());
}
let ofFile: string | undefined;

function digestOfFile(): string {
  const text = body.exec(new QueryLibrary().script('schema/shard/060-fingerprint'))?.[1];
  if (text === undefined) throw new TenantryError('INTERNAL', 'schema/shard/060-fingerprint.sql has no function between $fingerprint$.');
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
