import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const cache = fileURLToPath(new URL('../../node_modules/.cache/tsql-check/', import.meta.url));
const programs = ['TsqlCheck.cs', 'Collations.cs', 'ServersOwn.cs'];
const sources = [...programs, 'packages.csproj', 'tsql-check.exe.config'];
const serversOwn = join(here, 'given', 'server.txt');

/** Where the libraries that the checker needs lie in their packages. */
const libraries = [
  'microsoft.sqlserver.dacfx/150.4897.1/lib/netstandard2.0',
  'microsoft.data.sqlclient/2.1.4/lib/net46',
  'system.resources.extensions/7.0.0/lib/net462',
  'system.memory/4.5.5/lib/net461',
  'system.buffers/4.5.1/lib/net461',
  'system.runtime.compilerservices.unsafe/4.5.3/lib/net461',
  'system.numerics.vectors/4.5.0/lib/net46',
];

/** The programs that Microsoft's compiler needs and that are not on the PATH: empty where it can run. */
export function missingPrograms(): string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return ['dotnet', 'mcs', 'mono'].filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
}

/** One database whose names must resolve; files are absolute paths. */
export interface TsqlModel {
  readonly name: string;
  /** What makes the database, in order. */
  readonly schema: readonly string[];
  /** Statements that run in it, their parameters declared in header lines. */
  readonly queries?: readonly string[];
  /** Of these the syntax alone. */
  readonly scripts?: readonly string[];
}

/** What the compiler said. */
export interface TsqlReport {
  readonly passed: boolean;
  /** A line for each finding, then a count. */
  readonly text: string;
}

/** Compiles the models with Microsoft's compiler, which is built where it is not there yet. Rejects where it cannot be. */
export async function compileTsql(models: readonly TsqlModel[]): Promise<TsqlReport> {
  const program = join(await builtChecker(), 'tsql-check.exe');
  const list = (option: string, files: readonly string[] = []): string[] => (files.length === 0 ? [] : [option, ...files]);
  const args = models.flatMap(({ name, schema, queries, scripts }) => [
    '--model',
    name,
    ...list('--schema', schema),
    ...list('--queries', queries),
    ...list('--scripts', scripts),
  ]);
  const { code, text } = await run('mono', [program, '--server', serversOwn, ...args]);
  return { passed: code === 0, text };
}

/** A name for what is in the files: two lists of files with the same name have the same content, checker included. */
export function contentName(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of [...sources.map((name) => join(here, name)), serversOwn, ...files]) {
    const content = readFileSync(file);
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 32);
}

/** A folder for what is worth keeping between runs. */
export function cacheFolder(): string {
  mkdirSync(cache, { recursive: true });
  return cache;
}

async function builtChecker(): Promise<string> {
  const done = join(cacheFolder(), contentName([]));
  if (existsSync(done)) return done;
  // In a folder of its own until it is whole: another process may be building too.
  const work = mkdtempSync(join(cache, 'building-'));
  try {
    await build(work);
    if (!existsSync(done)) renameSync(work, done);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return done;
}

async function build(folder: string): Promise<void> {
  const temporary = join(folder, 'temporary');
  const packages = join(temporary, 'packages');
  mkdirSync(temporary);
  for (const name of sources) copyFileSync(join(here, name), join(name === 'packages.csproj' ? temporary : folder, name));
  // Nothing is left in the folders of whoever runs it.
  const environment = { TMPDIR: temporary, DOTNET_CLI_HOME: temporary, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' };
  const restore = ['restore', join(temporary, 'packages.csproj'), '--packages', packages, '-v', 'quiet'];
  await must('dotnet', restore, environment);
  for (const library of libraries) {
    for (const file of globSync('*.dll', { cwd: join(packages, library) })) copyFileSync(join(packages, library, file), join(folder, file));
  }
  const references = [
    'Microsoft.SqlServer.Dac.dll',
    'Microsoft.SqlServer.Dac.Extensions.dll',
    'Microsoft.SqlServer.TransactSql.ScriptDom.dll',
  ];
  const links = ['/usr/lib/mono/4.5/Facades/netstandard.dll', ...references.map((name) => join(folder, name))].map((path) => `-r:${path}`);
  const texts = programs.map((name) => join(folder, name));
  await must('mcs', ['-langversion:7', '-nologo', ...links, ...texts, `-out:${join(folder, 'tsql-check.exe')}`], environment);
  rmSync(temporary, { recursive: true });
}

async function must(program: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<void> {
  const { code, text } = await run(program, args, environment);
  if (code !== 0) throw new Error(`${program} failed while the T-SQL checker was built:\n${text}`);
}

function run(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { env: { ...process.env, ...environment }, maxBuffer: 1e8 }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? 1, text: `${stdout}${stderr}`.trim() });
    });
    child.once('error', reject);
  });
}
