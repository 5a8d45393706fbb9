import type { Clock } from '../core/clock.ts';
import { Deadline } from '../core/deadline.ts';
import { TenantryError } from '../core/errors.ts';
import type { Shard } from '../../shardmap/shard.ts';

interface Known {
  readonly shard: Shard;
  /** After this the catalog is asked first. */
  readonly freshUntil: number;
}

/** Milliseconds for which a shard's address is taken as it was read. */
const freshMs = 30_000;
/** How long the catalog may take where an older answer would do. */
const patienceMs = 500;

/** Where shards are, for opening connections: the catalog's answer for a while, and an older one while the catalog is away or slow. */
export class ShardDirectory {
  readonly #findShard: (shardId: string) => Promise<Shard | undefined>;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  readonly #flights = new Map<string, Promise<Shard>>();

  /** `findShard` asks the catalog; throws CATALOG_UNAVAILABLE. */
  constructor(findShard: (shardId: string) => Promise<Shard | undefined>, clock: Clock) {
    this.#findShard = findShard;
    this.#clock = clock;
  }

  /** Throws NOT_FOUND where the catalog has no such shard, CATALOG_UNAVAILABLE where nothing is known of it. */
  async find(shardId: string): Promise<Shard> {
    const known = this.#known.get(shardId);
    if (known === undefined) return this.#ask(shardId);
    if (this.#clock.now() < known.freshUntil) return known.shard;
    try {
      return await new Deadline(this.#clock, patienceMs).race('Asking for the shard', this.#ask(shardId));
    } catch (error) {
      if (error instanceof TenantryError && error.code === 'NOT_FOUND') throw error;
      return known.shard;
    }
  }

  /** The shard was not where it was thought to be, or not who: the next `find` asks the catalog. */
  doubt(shardId: string): void {
    const known = this.#known.get(shardId);
    if (known !== undefined) this.#known.set(shardId, { shard: known.shard, freshUntil: 0 });
  }

  /** One question for all who ask meanwhile. */
  #ask(shardId: string): Promise<Shard> {
    const flight = this.#flights.get(shardId) ?? this.#read(shardId).finally(() => this.#flights.delete(shardId));
    this.#flights.set(shardId, flight);
    return flight;
  }

  async #read(shardId: string): Promise<Shard> {
    const shard = await this.#findShard(shardId);
    if (shard === undefined) {
      this.#known.delete(shardId);
      throw new TenantryError('NOT_FOUND', `There is no shard ${shardId} in the catalog.`);
    }
    this.#known.set(shardId, { shard, freshUntil: this.#clock.now() + freshMs });
    return shard;
  }
}
