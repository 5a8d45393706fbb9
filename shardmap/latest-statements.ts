import type { Shard } from './shard.ts';
import { nothingSigned, type LatestNumbers, type NumberedStatement } from '../src/core/shard-signer.ts';

/** Numbers of the latest statements of shards, as far as a process has heard of them: none of an older one is believed again. */
export class LatestStatements {
  readonly #byShard = new Map<string, LatestNumbers>();

  /** What the catalog says. */
  hear({ shardId, acceptedNumber = 0, overrideNumber = 0 }: Pick<Shard, 'shardId' | 'acceptedNumber' | 'overrideNumber'>): void {
    this.note(shardId, 'accepted', acceptedNumber);
    this.note(shardId, 'overridden', overrideNumber);
  }

  of(shardId: string): LatestNumbers {
    return this.#byShard.get(shardId) ?? nothingSigned;
  }

  note(shardId: string, says: NumberedStatement, number: number): void {
    const known = this.of(shardId);
    if (number > known[says]) this.#byShard.set(shardId, { ...known, [says]: number });
  }
}
