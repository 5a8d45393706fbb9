import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';
import { TenantryError } from '../core/errors.ts';
import type { ShardMapManager } from '../../shardmap/manager.ts';

const everyMs = 10_000;

/** Brings operations that crashed processes left to their end, now and then. */
export class RecoverySweep {
  readonly #manager: Pick<ShardMapManager, 'sweep'>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #callOff: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(manager: Pick<ShardMapManager, 'sweep'>, clock: Clock, logger: Logger) {
    this.#manager = manager;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The first sweep begins at once. */
  start(): void {
    this.#running = this.#sweep().finally(() => {
      if (!this.#stopped) this.#callOff = this.#clock.after(everyMs, () => this.start(), 'background');
    });
  }

  /** Resolves when the sweep that runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#callOff();
    await this.#running;
  }

  async #sweep(): Promise<void> {
    try {
      const { settled, failed, pruned } = await this.#manager.sweep();
      for (const { operation, end } of settled)
        this.#logger.info({ operationId: operation.operationId, kind: operation.kind, end }, 'operation recovered');
      for (const { operation, error } of failed)
        this.#logger.warn({ operationId: operation.operationId, kind: operation.kind, code: error.code }, 'operation left');
      if (pruned > 0) this.#logger.info({ pruned }, 'operations of long ago forgotten');
    } catch (error) {
      // The catalog may be away for a while; the next sweep tries again.
      this.#logger.warn({ code: error instanceof TenantryError ? error.code : 'INTERNAL' }, 'recovery sweep failed');
    }
  }
}
