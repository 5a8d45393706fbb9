import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { requireReadable, serverAccount, type Account } from './account.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { renewIdentity } from './server-identity.ts';
import { serverDirectory } from './server-directory.ts';

const run = promisify(execFile);

/** Names, in the environment that child processes inherit, a template which they need not make again. */
const templateVariable = 'TENANTRY_POSTGRES_TEMPLATE';

/** What new servers are copied from: an initialised data directory and its superuser's password. */
export interface PostgresTemplate {
  readonly directory: string;
  readonly superuser: string;
  readonly password: string;
  /** Path of the `postgres` program. */
  readonly program: string;
  readonly account: Account | undefined;
}

let template: Promise<PostgresTemplate> | undefined;

/** The template of this process, made when first asked for (initdb takes about a second, a copy of it a fifth). */
export function postgresTemplate(): Promise<PostgresTemplate> {
  template ??= makeTemplate();
  return template;
}

/** Environment of a server's programs: ours without the variables that PostgreSQL itself would obey. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('PG') && !name.startsWith('LC_') && name !== 'LANG'),
  );
}

/** Copies the template to `dataDirectory` as a server of its own. */
export async function copyTemplate({ directory, account }: PostgresTemplate, dataDirectory: string): Promise<void> {
  // The first WAL segment is 16 MB of little but zeros.
  const sparse = platform() === 'linux' ? ['--sparse=always'] : [];
  await run('cp', ['-a', ...sparse, join(directory, 'data'), dataDirectory], asAccount(account, directory));
  renewIdentity(dataDirectory);
}

function asAccount(account: Account | undefined, cwd: string): { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number } {
  const options = { cwd, env: serverEnvironment() };
  return account === undefined ? options : { ...options, uid: account.uid, gid: account.gid };
}

/** A locale that is the same everywhere: one that the server itself brings, which PostgreSQL does from 17 on. */
async function localeOptions(initdb: string): Promise<string[]> {
  const { stdout } = await run(initdb, ['--version'], { env: serverEnvironment() });
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]);
  return ['--locale', 'C', ...(major >= 17 ? ['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'] : [])];
}

async function makeTemplate(): Promise<PostgresTemplate> {
  const { initdb, postgres } = await postgresBinaries();
  const account = serverAccount();
  requireReadable(initdb, account);
  const share = join(dirname(dirname(initdb)), 'share');
  if (existsSync(share)) requireReadable(share, account);
  const common = { superuser: 'postgres', program: postgres, account };

  const inherited = process.env[templateVariable];
  if (inherited !== undefined && existsSync(join(inherited, 'password')))
    return { ...common, directory: inherited, password: readFileSync(join(inherited, 'password'), 'utf8') };

  const directory = serverDirectory('tenantry-template-', 'SIGQUIT', account);
  const password = randomBytes(18).toString('base64url');
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  mkdirSync(join(directory, 'data'), { mode: 0o700 });
  if (account !== undefined) chownSync(join(directory, 'data'), account.uid, account.gid);
  const options = [
    '--username',
    common.superuser,
    '--pwfile',
    passwordFile,
    '--auth',
    'scram-sha-256',
    '--encoding',
    'UTF8',
    '--no-sync',
    '--no-instructions',
  ];
  const environment = asAccount(account, directory);
  await run(initdb, ['--pgdata', join(directory, 'data'), ...options, ...(await localeOptions(initdb))], environment);
  process.env[templateVariable] = directory;
  return { ...common, directory, password };
}
