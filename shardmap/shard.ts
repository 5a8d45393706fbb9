import type { ShardAddress } from '../src/core/shard-address.ts';

/** State of a shard in the catalog: ADDING and REMOVING only while an operation holds it. */
export type ShardState = 'ADDING' | 'ONLINE' | 'REMOVING';

/** One database that holds tenants' rows. It belongs to exactly one shard map, and so has one key type. */
export interface Shard {
  /** A uuid in lower case, also kept by the shard itself. */
  readonly shardId: string;
  readonly mapId: number;
  /** What operators call it; unique in the catalog. */
  readonly name: string;
  readonly address: ShardAddress;
  /** Who the server was when the shard was added (see `identify` of the engine); empty while it is being added. */
  readonly incarnation: string;
  readonly state: ShardState;
  /** Of what was accepted of it last, and of the last override, as far as the catalog was told (`LatestNumbers`); undefined: of none. */
  readonly acceptedNumber?: number;
  readonly overrideNumber?: number;
  /** The unfinished operation that holds the shard. */
  readonly operationId?: string;
}
