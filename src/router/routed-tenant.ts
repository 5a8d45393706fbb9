import type { Clock } from '../core/clock.ts';
import type { Deadline } from '../core/deadline.ts';
import { WaitQueue } from '../core/wait-queue.ts';
import type { Entry } from '../engine/entry.ts';
import type { TenantId, TenantKey } from '../../shardmap/key.ts';
import type { Route } from '../../shardmap/route.ts';
import type { RouterLimits } from './limits.ts';

/** Computes the token of a mapping at an epoch by one fleet key. */
type TokenOf = (mappingId: number, epoch: number) => Uint8Array;

/** What the tenants of one router share. */
export interface RoutedTenantDependencies {
  readonly clock: Clock;
  readonly limits: RouterLimits;
  /** Every mapping is of one key; default false. */
  readonly pointsOnly?: boolean;
  /** By the fleet key in use first, then by the previous one. */
  readonly tokens: readonly TokenOf[];
}

/** What the router keeps of one tenant between calls: how many run, who waits, and what a shard is shown. */
export class RoutedTenant {
  /** As callers give it; bytes are a copy. */
  readonly id: TenantId;
  readonly #key: TenantKey;
  readonly #dependencies: RoutedTenantDependencies;
  #active = 0;
  #queue: WaitQueue<void> | undefined;
  #entry: Entry | undefined;
  /** Which fleet key `#entry` was made with. */
  #keyInUse = 0;

  constructor(id: TenantId, key: TenantKey, dependencies: RoutedTenantDependencies) {
    this.id = id instanceof Uint8Array ? Uint8Array.from(id) : id;
    this.#key = key;
    this.#dependencies = dependencies;
  }

  /** Whether a call runs or waits: it must be kept. */
  get busy(): boolean {
    return this.#active > 0;
  }

  /** Takes one of the tenant's turns, if one is free. */
  tryBegin(): boolean {
    if (this.#active >= this.#dependencies.limits.perTenant) return false;
    this.#active += 1;
    return true;
  }

  /** Takes the next turn that comes free. Rejects with OVERLOADED, TIMEOUT or CANCELLED. */
  awaitTurn(deadline: Deadline): Promise<void> {
    this.#queue ??= new WaitQueue(this.#dependencies.clock, this.#dependencies.limits, 'one of the turns of its tenant');
    return this.#queue.wait(deadline);
  }

  /** Hands the turn on. */
  end(): void {
    if (this.#queue === undefined || !this.#queue.give()) this.#active -= 1;
  }

  /** What a shard is shown for this route; computed when the route or the fleet key changes. */
  entry(route: Route): Entry {
    const known = this.#entry;
    if (known !== undefined && known.epoch === route.epoch && known.mappingId === route.mappingId) return known;
    return this.#sign(route);
  }

  /** A shard refused this entry's token: the next one is made with the other fleet key, where there is one. */
  tokenRefused(refused: Entry): void {
    if (this.#entry !== refused) return;
    this.#keyInUse = (this.#keyInUse + 1) % this.#dependencies.tokens.length;
    this.#entry = undefined;
  }

  #sign({ mappingId, epoch }: Route): Entry {
    const tokenOf = this.#dependencies.tokens[this.#keyInUse];
    if (tokenOf === undefined) throw new RangeError('A router needs a fleet key.');
    const { pointsOnly = false } = this.#dependencies;
    this.#entry = { mappingId, key: this.#key.bytes, epoch, token: tokenOf(mappingId, epoch), isPoint: pointsOnly };
    return this.#entry;
  }
}
