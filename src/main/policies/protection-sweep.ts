import type { Clock } from '../../core/clock.ts';

/** What a sweep of shards is joined from. */
export interface ProtectionSweepParts {
  /** Ids of the map's shards, now and later. */
  readonly shards: readonly string[];
  readonly listShards: () => Promise<readonly string[]>;
  /** Begins a look at a shard. */
  readonly examine: (shardId: string) => void;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Milliseconds in which every shard's turn comes once. */
  readonly everyMs: number;
}

/** Has all shards of a map looked at by turns, spread over the time: those too that nobody uses, of whose drift nobody would hear. */
export class ProtectionSweep {
  readonly #parts: ProtectionSweepParts;
  /** As the catalog said last. */
  #shards: readonly string[];
  #callOff: () => void = () => undefined;
  #isStopped = false;

  constructor(parts: ProtectionSweepParts) {
    this.#parts = parts;
    this.#shards = parts.shards;
  }

  /** Begins with the first shard after its share of the time. */
  start(): void {
    this.#next(this.#shards);
  }

  stop(): void {
    this.#isStopped = true;
    this.#callOff();
  }

  async #round(): Promise<void> {
    try {
      this.#shards = await this.#parts.listShards();
    } catch {
      // While the catalog is away its shards are those that were there.
    }
    this.#next(this.#shards);
  }

  #next([shardId, ...others]: readonly string[]): void {
    if (this.#isStopped) return;
    const { clock, everyMs, examine, random } = this.#parts;
    const shareMs = everyMs / Math.max(1, this.#shards.length);
    this.#callOff = clock.after(
      shareMs * (1 - random() / 10),
      () => {
        if (shardId !== undefined) examine(shardId);
        if (others.length > 0) this.#next(others);
        else void this.#round();
      },
      'background',
    );
  }
}
