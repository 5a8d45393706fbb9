import type { Shard } from './shard.ts';
import { isOfItsTime, nothingSigned, type LatestNumbers, type NumberedStatement } from '../src/core/shard-signer.ts';

/** Numbers of the latest statements of shards, as far as a process has heard of them: none of an older one is believed again. */
export class LatestStatements {
  readonly #machineMs: () => number;
  readonly #seen = new Map<string, LatestNumbers>();
  /** Apart, since nobody knows what it is worth until the shard's clock is: what was seen stays known beside it. */
  readonly #told = new Map<string, LatestNumbers>();

  /** `machineMs` is the time by this machine's clock, in milliseconds since 1970: a shard whose clock is behind has nothing forgotten. */
  constructor(machineMs: () => number = Date.now) {
    this.#machineMs = machineMs;
  }

  /** What the catalog says now. */
  hear({ shardId, acceptedNumber = 0, overrideNumber = 0 }: Pick<Shard, 'shardId' | 'acceptedNumber' | 'overrideNumber'>): void {
    this.#told.set(shardId, { accepted: acceptedNumber, overridden: overrideNumber });
  }

  /** Those that could be made by now, by the later of the shard's clock (`nowMs`) and the machine's; 0: none is known. */
  at(shardId: string, nowMs: number): LatestNumbers {
    return { accepted: this.#latest(shardId, 'accepted', nowMs), overridden: this.#latest(shardId, 'overridden', nowMs) };
  }

  /**
   * Keeps one that could be made by now, unless a later one is known that could be, by the shard's clock or the machine's. It takes the
   * place of one that could not, of a time when the shard's clock was ahead: once that came again, it would outdate what is signed now.
   */
  note(shardId: string, says: NumberedStatement, number: number, nowMs: number): void {
    const latest = Math.max(number, this.#latest(shardId, says, nowMs));
    this.#seen.set(shardId, { ...(this.#seen.get(shardId) ?? nothingSigned), [says]: latest });
    this.#told.set(shardId, { ...(this.#told.get(shardId) ?? nothingSigned), [says]: 0 });
  }

  #latest(shardId: string, says: NumberedStatement, nowMs: number): number {
    const laterMs = Math.max(nowMs, this.#machineMs());
    const known = [this.#seen, this.#told].map((numbers) => numbers.get(shardId)?.[says] ?? 0);
    return Math.max(0, ...known.filter((number) => isOfItsTime(number, laterMs)));
  }
}
