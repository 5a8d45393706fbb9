import { chownSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireReadable, type Account } from './account.ts';
import { guard } from './watchdog.ts';

/** A directory below os.tmpdir() that belongs to the account, is nobody else's to read, and goes away with this process. */
export function serverDirectory(prefix: string, quit: NodeJS.Signals, account?: Account): string {
  requireReadable(tmpdir(), account);
  const directory = mkdtempSync(join(tmpdir(), prefix));
  guard(directory, quit);
  if (account !== undefined) chownSync(directory, account.uid, account.gid);
  return directory;
}
