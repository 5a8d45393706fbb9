import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ServerProcess } from './processes.ts';

/** What the watchdog is told: a server (or a bare directory) to end with this process, or one that is gone already. */
export type WatchdogOrder = { readonly guard: ServerProcess; readonly quit: NodeJS.Signals } | { readonly release: string };

let orders: Writable | undefined;

/** Starts, once per process, the program that ends the servers when this process ends in whatever way, SIGKILL included. */
function watchdogInput(): Writable {
  if (orders !== undefined) return orders;
  const program = fileURLToPath(new URL('./watchdog-program.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'inherit'] });
  child.unref();
  // Without this the pipe would keep this process alive.
  if (child.stdin instanceof Socket) child.stdin.unref();
  orders = child.stdin;
  return orders;
}

function send(order: WatchdogOrder): void {
  watchdogInput().write(`${JSON.stringify(order)}\n`);
}

/** Has the directory removed, and the server in it (once there is one) ended by `quit`, when this process ends. */
export function guard(directory: string, quit: NodeJS.Signals, pid?: number): void {
  send({ guard: { pid, directory }, quit });
}

/** Says that the directory and its server are gone. */
export function release(directory: string): void {
  send({ release: directory });
}
