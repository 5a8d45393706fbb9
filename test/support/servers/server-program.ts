import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import type { Account } from './account.ts';
import { freePort } from './free-port.ts';
import { endServer, freezeTree, isRunning, killTree, signal, thawTree } from './processes.ts';
import { guard, release } from './watchdog.ts';

const attempts = 5;
const logLimit = 1_048_576;

/** One kind of server program: how it is started, and what it prints. */
export interface ServerKind {
  readonly name: string;
  readonly program: string;
  /** Arguments for a port. */
  readonly args: (port: number) => readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly account: Account | undefined;
  /** What it prints once it accepts connections, and where the port is taken. */
  readonly readyText: string;
  readonly portTakenText: string;
  /** Ends it at once, cleaning up what it holds of the operating system. */
  readonly quit: NodeJS.Signals;
}

/** A server program in a directory of its own on a free port of 127.0.0.1, guarded by the watchdog. */
export class ServerProgram {
  readonly directory: string;
  readonly #kind: ServerKind;
  #port = 0;
  #process: ChildProcess | undefined;
  #log = '';
  #stopped = false;

  constructor(kind: ServerKind, directory: string) {
    this.#kind = kind;
    this.directory = directory;
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error(`${this.#kind.name} does not run.`);
    return pid;
  }

  /** The last megabyte of what it printed. */
  log(): string {
    return this.#log;
  }

  /** Starts on a port nobody uses; where another program takes that port first, on the next. On failure nothing is left. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = await freePort();
      try {
        return await this.#launch();
      } catch (error) {
        if (attempt < attempts && this.#log.includes(this.#kind.portTakenText)) continue;
        await this.stop();
        throw error;
      }
    }
  }

  /** Ends it by the signal where it still runs, and starts it again on the same port; `meanwhile` happens in between. */
  async restart(shutdown: NodeJS.Signals, meanwhile?: () => Promise<void>): Promise<void> {
    const running = this.#process;
    if (running?.pid !== undefined && isRunning(running.pid)) {
      thawTree(running.pid);
      signal(running.pid, shutdown);
    }
    await this.#exit();
    await meanwhile?.();
    await this.#launch();
  }

  async kill(): Promise<void> {
    await killTree(this.pid);
    await this.#exit();
  }

  freeze(): void {
    freezeTree(this.pid);
  }

  thaw(): void {
    thawTree(this.pid);
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await endServer({ pid: this.#process?.pid, directory: this.directory }, this.#kind.quit);
    release(this.directory);
  }

  /** Until this program has noticed the end of a server, the server's number is taken, and PostgreSQL takes that for a server that runs. */
  async #exit(): Promise<void> {
    const ended = this.#process;
    if (ended === undefined || ended.exitCode !== null || ended.signalCode !== null) return;
    ended.ref();
    await once(ended, 'exit');
  }

  async #launch(): Promise<void> {
    const { program, args, env, account, quit } = this.#kind;
    const child = spawn(program, args(this.#port), {
      // A session of its own: Ctrl-C in a terminal reaches the program that started it, not the server.
      detached: true,
      cwd: this.directory,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    });
    this.#process = child;
    if (child.pid !== undefined) guard(this.directory, quit, child.pid);
    await this.#ready(child);
    // Whoever forgets to stop a server still comes to an end, and the watchdog then ends the server.
    child.unref();
    for (const stream of [child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref();
  }

  #ready(child: ChildProcess): Promise<void> {
    let output = '';
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null, signalName: string | null): void => {
        reject(new Error(`${this.#kind.name} ended with ${signalName ?? `code ${code}`} before it was ready:\n${output.slice(-2_000)}`));
      };
      const onData = (text: string): void => {
        this.#log = (this.#log + text).slice(-logLimit);
        if (output.includes(this.#kind.readyText)) return;
        output += text;
        if (!output.includes(this.#kind.readyText)) return;
        child.off('exit', onExit);
        resolve();
      };
      child.once('error', reject);
      child.once('exit', onExit);
      for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', onData);
    });
  }
}
