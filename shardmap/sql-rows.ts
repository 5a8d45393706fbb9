import type { ShardAddress } from '../src/core/shard-address.ts';
import type { Row } from '../src/core/session.ts';
import type { Mapping } from './mapping.ts';
import type { Operation } from './operation.ts';
import type { Shard } from './shard.ts';

/** A type as the query library gives it: what may be absent is null. */
type Nullable<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]-?: Exclude<T[P], undefined> | null } & Row;

/** Columns of a mapping. */
export type MappingRow = Nullable<Mapping, 'high' | 'operationId'>;

/** Columns of a shard, its address among them. */
export type ShardRow = Nullable<Omit<Shard, 'address'> & ShardAddress, 'acceptedNumber' | 'overrideNumber' | 'operationId'>;

/** Columns of an operation. */
export type OperationRow = Operation & Row;

/** A mapping from its columns. */
export function mappingFrom(row: MappingRow): Mapping {
  const { mappingId, mapId, kind, low, high, shardId, state, epoch, operationId } = row;
  return {
    mappingId,
    mapId,
    kind,
    low,
    ...(high !== null && { high }),
    shardId,
    state,
    epoch,
    ...(operationId !== null && { operationId }),
  };
}

/** A shard from its columns. */
export function shardFrom(row: ShardRow): Shard {
  const { shardId, mapId, name, engine, host, port, database, tls, incarnation, state, acceptedNumber, overrideNumber, operationId } = row;
  const address = { engine, host, port, database, tls };
  return {
    shardId,
    mapId,
    name,
    address,
    incarnation,
    state,
    ...(acceptedNumber !== null && { acceptedNumber }),
    ...(overrideNumber !== null && { overrideNumber }),
    ...(operationId !== null && { operationId }),
  };
}

/** An operation from its columns. */
export function operationFrom(row: OperationRow): Operation {
  const { operationId, mapId, kind, payload, state, generation, leaseLeftMs } = row;
  return { operationId, mapId, kind, payload, state, generation, leaseLeftMs };
}
