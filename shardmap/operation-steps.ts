import type { SqlSession } from '../src/core/session.ts';
import type { LocalMap } from './local-map.ts';
import type { OperationKindName } from './operation.ts';
import type { MappingChange, ShardAccess } from './shard-access.ts';
import type { Shard } from './shard.ts';
import type { ShardMap } from './shard-map.ts';
import type { CatalogChange, CatalogReader } from './store.ts';

/** A kind of operation, as a request makes one. */
export interface OperationKind<Request> {
  readonly name: OperationKindName;
  /** What the request comes to, as the catalog is now: looks and numbers only. Throws what speaks against it. */
  plan(catalog: CatalogChange, map: ShardMap, request: Request): Promise<unknown>;
  /** The steps of an operation from its logged payload. Throws INTERNAL where the payload is not of this kind. */
  bind(payload: unknown): OperationSteps;
}

/** What an operation does, state by state. Each part may be run again after a crash anywhere in it. */
export interface OperationSteps {
  /** One line for people: what changes, without tokens. */
  readonly description: string;
  /** Shards of local steps: every runner stamps its generation there before anything else. */
  readonly shardIds: readonly string[];
  /** Mappings that may be different in catalog and shard until the end. */
  readonly mappingIds: readonly number[];
  /** In the transaction that logs the operation: takes what it changes. Throws `HeldByOperation` or CONFLICT. */
  claim(catalog: CatalogChange, operationId: string): Promise<void>;
  /** In order; the first is the state in which an operation is logged, after the last comes DONE. */
  readonly phases: readonly [Phase, ...Phase[]];
  /** Local work after ABORTED: as if the phases before the commit had never run. Absent where they leave no trace. */
  undo?(step: StepContext): Promise<void>;
  /** In the transaction from ABORTED to UNDONE: lets go of what `claim` took. */
  abandon(catalog: CatalogChange, operationId: string): Promise<void>;
  /** What caches may be told once it is done. */
  readonly changes: readonly Omit<MappingChange, 'map'>[];
}

/** One state of an operation: local work, and then one catalog transaction into the next state. */
export interface Phase {
  readonly state: string;
  /** Whether the operation can still be given up: it has not been committed. What a crash leaves in it is undone. */
  readonly undoable: boolean;
  work(step: StepContext): Promise<void>;
  /** The change of the catalog that goes with the swap to the next state, in its transaction. */
  advance(catalog: CatalogChange, operationId: string): Promise<void>;
}

/** One transaction of a shard, in the name of the operation's present runner. */
export interface ShardStep {
  readonly local: LocalMap;
  readonly session: SqlSession;
  /** Forgets the operation on this shard: its last step there. Older runners are refused ever after. */
  readonly forget: () => Promise<void>;
}

/** How long to try for a mapping's lock, and by which means. */
export interface LockPatience {
  /** Milliseconds, then TIMEOUT. */
  readonly limitMs: number;
  /** Whether to cancel the statements of those who hold it. */
  readonly force: boolean;
}

/** What an operation's local work is done with. */
export interface StepContext {
  readonly map: ShardMap;
  readonly access: ShardAccess;
  readonly catalog: CatalogReader;
  shard(shardId: string): Promise<Shard>;
  /** The token of a mapping of this map at an epoch. */
  token(mappingId: number, epoch: number): Uint8Array;
  /** One transaction of a shard, begun again where a deadlock ended it; nothing happens in it where another runner has taken over since. */
  onShard<T>(shardId: string, work: (step: ShardStep) => Promise<T>): Promise<T>;
  /** Like `onShard`, with the exclusive locks of mappings in DRAINING: after everyone who entered them has left. */
  onceDrained(
    shardId: string,
    mappingIds: readonly number[],
    patience: LockPatience,
    work: (step: ShardStep) => Promise<void>,
  ): Promise<void>;
}

/** Thrown by `claim`: an unfinished operation holds what is asked for. Never leaves the shard map. */
export class HeldByOperation extends Error {
  override readonly name = 'HeldByOperation';
  readonly operationId: string;

  constructor(operationId: string) {
    super(`An unfinished operation holds this part of the shard map.`);
    this.operationId = operationId;
  }
}
