import { TenantryError } from '../src/core/errors.ts';
import { LocalMap, type LocalMapping, type TokenChange } from './local-map.ts';
import type { OperationDependencies } from './operation-dependencies.ts';
import { requireOwnShard } from './own-shard.ts';
import { pause } from '../src/core/pause.ts';
import type { Shard } from './shard.ts';
import type { ShardMap } from './shard-map.ts';

/** How many mappings of a shard are known by which fleet key. Tombstones are known by none, and not counted. */
export interface KeyCounts {
  readonly current: number;
  readonly previous: number;
  /** By a key that is not configured here: nobody with this configuration enters them. */
  readonly neither: number;
}

/** What a rotation did on a shard, and what it left. */
export interface KeyRotationReport extends KeyCounts {
  /** Mappings that have a token by the current key now. */
  readonly rotated: number;
}

/** Mappings that are read, and changed, at once: few enough that whoever enters one meanwhile hardly notices. */
const pageRows = 200;
const firstPauseMs = 50;
const longestPauseMs = 250;

/** Takes the mappings of shards from the previous fleet key to the current one, while tenants work. */
export class KeyRotation {
  readonly #dependencies: OperationDependencies;

  constructor(dependencies: OperationDependencies) {
    this.#dependencies = dependencies;
  }

  /** Changes nothing. Throws where the database is not that shard, or does not answer. */
  async status(shard: Shard): Promise<KeyCounts> {
    const { current, previous, neither } = await this.#pass(await this.#openShard(shard), { changes: false });
    return { current, previous, neither };
  }

  /**
   * May be repeated, run by several at once, and ended anywhere: each mapping has a token by one key or by the other at all times. Mappings
   * that somebody holds are tried again for `waitMs`. Throws INVALID_REQUEST where there is no previous key, and as `status` does.
   */
  async rotate(shard: Shard, waitMs: number): Promise<KeyRotationReport> {
    const { clock, previousTokenOf } = this.#dependencies;
    if (previousTokenOf === undefined) throw new TenantryError('INVALID_REQUEST', 'There is no previous fleet key to rotate from.');
    const opened = await this.#openShard(shard);
    const until = clock.now() + waitMs;
    let rotated = 0;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      rotated += (await this.#pass(opened, { changes: true })).rotated;
      // Counted anew: an operation of a process that has the old key alone may have written one meanwhile.
      const left = await this.#pass(opened, { changes: false });
      if (left.previous === 0 || clock.now() + pauseMs > until) return { ...left, rotated };
      await pause(clock, pauseMs);
    }
  }

  async #openShard(shard: Shard): Promise<OpenShard | undefined> {
    // Nothing is on it before it has been added.
    if (shard.state === 'ADDING') return undefined;
    const { access, store } = this.#dependencies;
    await requireOwnShard(access, shard);
    return { map: await store.getMap(shard.mapId), local: new LocalMap(access.open(shard)) };
  }

  /** All mappings, page by page. */
  async #pass(shard: OpenShard | undefined, { changes }: { readonly changes: boolean }): Promise<KeyRotationReport> {
    const counts = { current: 0, previous: 0, neither: 0, rotated: 0 };
    if (shard === undefined) return counts;
    for await (const page of pagesOf(shard.local)) {
      const stale: TokenChange[] = [];
      for (const mapping of page) {
        const found = this.#keyOf(shard.map, mapping);
        if (found === undefined) continue;
        counts[found.key] += 1;
        if (found.key === 'previous') stale.push(found.change);
      }
      if (changes && stale.length > 0) counts.rotated += await shard.local.changeTokens(stale);
    }
    return counts;
  }

  #keyOf({ name }: ShardMap, { mappingId, epoch, token }: LocalMapping): KeyOfMapping | undefined {
    if (token === undefined) return undefined;
    const { tokenOf, previousTokenOf } = this.#dependencies;
    const to = tokenOf(name, mappingId, epoch);
    const from = previousTokenOf?.(name, mappingId, epoch);
    if (Buffer.compare(token, to) === 0) return { key: 'current' };
    if (from === undefined || Buffer.compare(token, from) !== 0) return { key: 'neither' };
    return { key: 'previous', change: { mappingId, epoch, from, to } };
  }
}

interface OpenShard {
  readonly map: ShardMap;
  readonly local: LocalMap;
}

type KeyOfMapping = { readonly key: 'current' | 'neither' } | { readonly key: 'previous'; readonly change: TokenChange };

async function* pagesOf(local: LocalMap): AsyncGenerator<readonly LocalMapping[], void, undefined> {
  for (let after: number | undefined = 0; after !== undefined;) {
    const page: readonly LocalMapping[] = await local.list(after, pageRows);
    yield page;
    after = page.length < pageRows ? undefined : page.at(-1)?.mappingId;
  }
}
