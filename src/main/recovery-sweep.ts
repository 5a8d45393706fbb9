import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';
import { TenantryError } from '../core/errors.ts';
import type { ShardMapManager } from '../../shardmap/manager.ts';

const everyMs = 10_000;
/** One that takes longer, such as one that a server standing still holds up, goes on beside the next: leases keep them apart. */
const aloneMs = 60_000;

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
    const again = (ms: number): void => {
      this.#callOff();
      if (!this.#stopped) this.#callOff = this.#clock.after(ms, () => this.start(), 'background');
    };
    const sweep = this.#sweep();
    this.#running = sweep;
    again(aloneMs);
    void sweep.then(() => {
      if (this.#running === sweep) again(everyMs);
    });
  }

  /** Resolves when the sweep that runs has ended, or the time is over: what it leaves is another's to recover. */
  async stop(withinMs: number): Promise<void> {
    this.#stopped = true;
    this.#callOff();
    const patience = Promise.withResolvers<void>();
    const stopTimer = this.#clock.after(withinMs, patience.resolve);
    await Promise.race([this.#running, patience.promise]);
    stopTimer();
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
      // The catalog may be away for a while, or wait for an operator's word; the next sweep tries again.
      const known = error instanceof TenantryError ? { code: error.code, reason: error.reason } : { code: 'INTERNAL' };
      this.#logger.warn(known, 'recovery sweep failed');
    }
  }
}
