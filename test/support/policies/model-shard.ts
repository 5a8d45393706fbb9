import type { Caller, Outcome, Row, World, Write } from './model.ts';
import type { WriteManners } from './expected-write.ts';

/** A shard with a shape's tables, on which models are tried out one after another; nothing of one is left for the next. */
export interface ModelShard {
  readonly manners: WriteManners;
  /** Brings about the world's policies and rows while `work` runs. */
  within<Result>(world: World, work: (asked: AskedShard) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** The shard as callers meet it. */
export interface AskedShard {
  /** What each caller sees of each table of the shape, in the order of both. */
  seen(callers: readonly Caller[]): Promise<Row[][][]>;
  /**
   * What comes of a write, which is undone again. Rejects where the server refuses it for any other reason than a policy or a key that is
   * taken.
   */
  attempt(caller: Caller, write: Write): Promise<Outcome>;
}
