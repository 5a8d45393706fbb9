import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 10;
const quitLimitMs = 3_000;

/** A server's first process and the directory that holds everything of it; its processes work inside that directory. */
export interface ServerProcess {
  /** Undefined where none was started. */
  readonly pid: number | undefined;
  readonly directory: string;
}

/** Pairs of process and parent. */
function processTable(): { pid: number; parent: number }[] {
  if (existsSync('/proc/self/stat'))
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const stat = readStat(Number(name));
        return stat === undefined ? [] : [{ pid: Number(name), parent: stat.parent }];
      });
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parent] = line.trim().split(/\s+/).map(Number);
      return { pid: pid ?? 0, parent: parent ?? 0 };
    });
}

/** State and parent from /proc; undefined once the process is gone. */
function readStat(pid: number): { state: string; parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Whether an error of a signal or of /proc says that the process has ended. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ESRCH', 'ENOENT'].includes(String(error.code));
}

/** Sends a signal; false where the process has ended. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Whether the process runs; one that has ended and waits for its parent to notice does not. */
export function isRunning(pid: number): boolean {
  if (!signal(pid, 0)) return false;
  return !existsSync('/proc/self/stat') || !['Z', 'X', undefined].includes(readStat(pid)?.state);
}

/** The process and everything below it, parents first. */
export function processTree(pid: number): number[] {
  const table = processTable();
  const tree = [pid];
  for (const member of tree) tree.push(...table.filter(({ parent }) => parent === member).map((row) => row.pid));
  return tree;
}

/** Stops all processes of a tree where they are (SIGSTOP), the parent first so that it starts no more. */
export function freezeTree(pid: number): void {
  signal(pid, 'SIGSTOP');
  for (const member of processTree(pid)) signal(member, 'SIGSTOP');
}

/** Lets a frozen tree go on. */
export function thawTree(pid: number): void {
  for (const member of processTree(pid).toReversed()) signal(member, 'SIGCONT');
}

/** Kills a whole tree with SIGKILL and waits until all of it is gone. */
export async function killTree(pid: number): Promise<void> {
  signal(pid, 'SIGSTOP');
  const tree = processTree(pid);
  for (const member of tree) signal(member, 'SIGKILL');
  while (tree.some(isRunning)) await delay(pollMs);
}

/** Whether `pid` is still the process that was started in `directory`, not a later one that got its number. */
function belongsTo(pid: number, directory: string): boolean {
  if (!isRunning(pid)) return false;
  if (!existsSync('/proc/self/cwd')) return true;
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(directory);
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Ends a server with `quit` (SIGKILL after `quitLimitMs`), whatever state it is in, and removes its directory. */
export async function endServer({ pid, directory }: ServerProcess, quit: NodeJS.Signals): Promise<void> {
  if (pid !== undefined && belongsTo(pid, directory)) {
    thawTree(pid);
    signal(pid, quit);
    const deadline = performance.now() + quitLimitMs;
    while (isRunning(pid) && performance.now() < deadline) await delay(pollMs);
    if (isRunning(pid)) await killTree(pid);
  }
  removeSharedMemory(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** A PostgreSQL that was killed leaves its System V segment, which its lock file names; without this each one stays until a reboot. */
function removeSharedMemory(directory: string): void {
  const lockFile = `${directory}/data/postmaster.pid`;
  if (!existsSync(lockFile)) return;
  const id = /^\s*\d+\s+(\d+)\s*$/.exec(readFileSync(lockFile, 'utf8').split('\n')[6] ?? '')?.[1];
  if (id === undefined || !existsSync('/proc/sysvipc/shm')) return;
  const segments = readFileSync('/proc/sysvipc/shm', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[1]);
  if (segments.includes(id)) execFileSync('ipcrm', ['-m', id]);
}
