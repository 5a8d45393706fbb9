/** What a transaction presents to a shard's `tenantry.enter`: which mapping, for which key, by which right. */
export interface Entry {
  readonly mappingId: number;
  /** The tenant's encoded key, 1 to 128 bytes. */
  readonly key: Uint8Array;
  readonly epoch: number;
  /** Token of this mapping at this epoch, 16 bytes. */
  readonly token: Uint8Array;
  /** The mapping is of this key alone, as all are in a list map: an engine may check it in a cheaper way. Default: it may be a range. */
  readonly isPoint?: boolean;
}

/**
 * Why a shard refused an entry; `MOVED` says where the tenant went. `NOT_RESET`: the connection, which is closed, had the tenant of its
 * last use still, so that what is asked of this server does not clear it. `UNVERIFIED`: nobody enters, what protects the shard was changed.
 */
export type Refusal =
  | { readonly reason: 'UNKNOWN_MAPPING' | 'STALE_EPOCH' | 'BAD_TOKEN' | 'OFFLINE' | 'DRAINING' | 'INCOMING' | 'NOT_RESET' | 'UNVERIFIED' }
  | { readonly reason: 'MOVED'; readonly shardId: string; readonly epoch: number };

/** Thrown by a connection where `enter` refused: nothing of the caller's has run. Stays inside: the router acts on it. */
export class EntryRefused extends Error {
  override readonly name = 'EntryRefused';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`The shard refused the entry: ${refusal.reason}.`);
    this.refusal = refusal;
  }
}
