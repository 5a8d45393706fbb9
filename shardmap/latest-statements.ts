import type { Shard } from './shard.ts';
import { isOfItsTime, nothingSigned, type LatestNumbers, type NumberedStatement } from '../src/core/shard-signer.ts';

/** Numbers of the latest statements of shards, as far as a process has heard of them: none of an older one is believed again. */
export class LatestStatements {
  readonly #seen = new Map<string, LatestNumbers>();
  /** Apart, since nobody knows what it is worth until the shard's clock is: what was seen stays known beside it. */
  readonly #told = new Map<string, LatestNumbers>();

  /** What the catalog says now. */
  hear({ shardId, acceptedNumber = 0, overrideNumber = 0 }: Pick<Shard, 'shardId' | 'acceptedNumber' | 'overrideNumber'>): void {
    this.#told.set(shardId, { accepted: acceptedNumber, overridden: overrideNumber });
  }

  /** Those that could be made by now, by the shard's clock; 0: none is known. */
  at(shardId: string, nowMs: number): LatestNumbers {
    const latest = (says: NumberedStatement): number =>
      Math.max(
        0,
        ...[this.#seen, this.#told].map((known) => known.get(shardId)?.[says] ?? 0).filter((number) => isOfItsTime(number, nowMs)),
      );
    return { accepted: latest('accepted'), overridden: latest('overridden') };
  }

  /**
   * Keeps one that could be made by now, unless a later one that could is known. It takes the place of one that could not, of a time when
   * the clock was ahead: once that came again, it would outdate what is signed now.
   */
  note(shardId: string, says: NumberedStatement, number: number, nowMs: number): void {
    const latest = Math.max(number, this.at(shardId, nowMs)[says]);
    this.#seen.set(shardId, { ...(this.#seen.get(shardId) ?? nothingSigned), [says]: latest });
    this.#told.set(shardId, { ...(this.#told.get(shardId) ?? nothingSigned), [says]: 0 });
  }
}
