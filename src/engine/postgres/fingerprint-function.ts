import { createHash } from 'node:crypto';
import { TenantryError } from '../../core/errors.ts';
import { QueryLibrary } from './query-library.ts';

const owner = 'tenantry_watcher';
const made = /^(language \w+ \w+)\n((?:set .+\n)+)as \$fingerprint\$([\s\S]*?)\$fingerprint\$;/m;

/**
 * The digest of `tenantry_watch.fingerprint_items` as this program makes it: whose it is, how it runs, by which settings, and its text. The
 * server keeps each as it was written (`functionDigest` of `policy/fingerprint`).
 */
export function fingerprintFunction(): string {
  return (ofFile ??= digestOfFile());
}
let ofFile: string | undefined;

function digestOfFile(): string {
  const [, language, settings, text] = made.exec(new QueryLibrary().script('schema/shard/060-fingerprint')) ?? [];
  if (language === undefined || settings === undefined || text === undefined)
    throw new TenantryError('INTERNAL', 'schema/shard/060-fingerprint.sql has no function between $fingerprint$.');
  const kept = settings.trimEnd().replaceAll(/^set "?(\w+)"? = (?:'(.*)'|(.*))$/gm, '$1=$2$3');
  return createHash('sha256').update([owner, language, kept, text].join('\n'), 'utf8').digest('hex');
}
