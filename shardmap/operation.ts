/** Every kind of change that is logged. */
export type OperationKindName =
  | 'add-shard'
  | 'remove-shard'
  | 'add-mapping'
  | 'remove-mapping'
  | 'take-offline'
  | 'bring-online'
  | 'split-mapping'
  | 'merge-mappings';

/** The state of an operation given up before its commit, whose local traces are not yet removed. */
export const abortedState = 'ABORTED';

/** A logged change of the shard map: the catalog's row, by which any process can finish or undo it. */
export interface Operation {
  /** A uuid. */
  readonly operationId: string;
  readonly mapId: number;
  readonly kind: OperationKindName;
  /** What the kind needs to carry on; its own schema checks it. Never the token of a mapping. */
  readonly payload: unknown;
  /** One of the kind's own states, ABORTED, or one that ends it: DONE, UNDONE. Changes by compare-and-swap only. */
  readonly state: string;
  /** Raised by every runner that takes the operation; older ones are refused by catalog and shards. */
  readonly generation: number;
  /** Milliseconds, by the catalog's clock, for which its runner is still taken to be alive; 0 when that is over. */
  readonly leaseLeftMs: number;
}
