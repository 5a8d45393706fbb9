import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The numeric account that a server's processes run under. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account for PostgreSQL, which refuses to run as root: `nobody` (or `postgres`) where this process is root, undefined where
 * it is an ordinary user. Throws where root finds neither; initdb demands an account with a name.
 */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of ['nobody', 'postgres']) {
    const [name, , uid, gid] = accounts.find(([candidate]) => candidate === wanted) ?? [];
    if (name !== undefined && Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'PostgreSQL refuses to run as root, and /etc/passwd has neither of the accounts nobody and postgres. Add one, or run as another user.',
  );
}

/** Throws, naming the folder, where the account may not pass through every folder on the way to `path`, or may not read it. */
export function requireReadable(path: string, account: Account | undefined): void {
  if (account === undefined) return;
  let current = resolve(path);
  for (let needed = 0o5; ; needed = 0o1) {
    const { mode, uid, gid } = statSync(current);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & needed) !== needed)
      throw new Error(
        `PostgreSQL runs as ${account.name} (uid ${account.uid}) because root may not run it, and that account may not read ${current}, on the way to ${path}. Allow it (chmod a+rx), or use another folder (TMPDIR, the checkout's place).`,
      );
    const parent = dirname(current);
    if (parent === current) return;
    current = parent;
  }
}
