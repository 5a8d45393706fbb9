import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { bundleProgram, type BundledProgram } from './bundled-program.ts';
import type { ChildOrder, ChildResult } from './shard-map-child.ts';

/** A process that is ready to run one change of a shard map. */
export interface Runner {
  /** Rejects where the process ends without a result. */
  run(order: ChildOrder): Promise<ChildResult>;
  /** SIGKILL, and the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  stop(): void;
  resume(): void;
}

/** Keeps processes started ahead, so that starting one costs a test no time. */
export class Runners {
  readonly #ready: Promise<Runner>[] = [];
  readonly #children = new Set<ChildProcess>();
  readonly #ahead: number;
  readonly #program: BundledProgram;

  private constructor(ahead: number, program: BundledProgram) {
    this.#ahead = ahead;
    this.#program = program;
    this.#fill();
  }

  static async start(ahead: number): Promise<Runners> {
    return new Runners(ahead, await bundleProgram(new URL('./shard-map-child.ts', import.meta.url)));
  }

  async take(): Promise<Runner> {
    const next = this.#ready.shift() ?? this.#start();
    this.#fill();
    return next;
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  #fill(): void {
    while (this.#ready.length < this.#ahead) this.#ready.push(this.#start());
  }

  async #start(): Promise<Runner> {
    const { file, environment } = this.#program;
    const child = fork(file, { env: { ...process.env, ...environment }, execArgv: [] });
    this.#children.add(child);
    const exited = once(child, 'exit').then(() => this.#children.delete(child));
    await once(child, 'message');
    return {
      async run(order) {
        child.send(order);
        const ended = exited.then(() => {
          throw new Error('The process ended without a result.');
        });
        const [result] = (await Promise.race([once(child, 'message'), ended])) as [ChildResult];
        return result;
      },
      async kill() {
        child.kill('SIGKILL');
        await exited;
      },
      stop: () => void child.kill('SIGSTOP'),
      resume: () => void child.kill('SIGCONT'),
    };
  }
}
