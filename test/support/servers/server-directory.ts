import { chownSync, existsSync, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireReadable, type Account } from './account.ts';
import { guard } from './watchdog.ts';

/** Names, in the environment that child processes inherit, the folder of servers' directories; os.tmpdir() by default. */
export const serversVariable = 'TENANTRY_TEST_SERVERS';
/** Where Linux has files in memory, and how much must be free there: what servers of the tests hold at once, several times. */
const inMemory = { folder: '/dev/shm', freeBytes: 8 * 1024 ** 3 };

/**
 * From now on servers keep their files in memory where there is room, unless the environment says where: a new database writes
 * 15 MB, which takes 20 ms there and was seen to take 400 on a busy disk.
 */
export function keepServersInMemory(): void {
  if (process.env[serversVariable] === undefined && hasRoom(inMemory)) process.env[serversVariable] = inMemory.folder;
}

function hasRoom({ folder, freeBytes }: typeof inMemory): boolean {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= freeBytes;
}

/** A directory that belongs to the account, is nobody else's to read, and goes away with this process. */
export function serverDirectory(prefix: string, quit: NodeJS.Signals, account?: Account): string {
  const folder = process.env[serversVariable] ?? tmpdir();
  requireReadable(folder, account);
  const directory = mkdtempSync(join(folder, prefix));
  guard(directory, quit);
  if (account !== undefined) chownSync(directory, account.uid, account.gid);
  return directory;
}
