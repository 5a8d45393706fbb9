import { TenantryError } from '../src/core/errors.ts';
import type { Operation } from './operation.ts';
import type { OperationDependencies } from './operation-dependencies.ts';
import { beginOperation, type BegunOperation } from './begin-operation.ts';
import { OperationRunner, type OperationEnd } from './operation-runner.ts';
import { HeldByOperation, type OperationKind } from './operation-steps.ts';
import { bindOperation } from './operations/index.ts';
import { onOwnCatalog, requireOwnCatalog } from './own-catalog.ts';
import { pause } from '../src/core/pause.ts';
import type { ShardMap } from './shard-map.ts';
import type { CatalogChange } from './store.ts';

/** What a change of the shard map was, or would be. */
export interface OperationReport {
  /** Absent where nothing was changed: a dry run. */
  readonly operationId?: string;
  /** One line for people. */
  readonly description: string;
}

/** How changes of the shard map are made: logged, or only tried. */
export interface Operations {
  /** Throws what speaks against the request, CATALOG_UNVERIFIED among it, or what went wrong. */
  run<Request>(kind: OperationKind<Request>, map: ShardMap, request: Request): Promise<OperationReport>;
  /** Waits for an operation, or brings it to its end where its runner has left it. Throws OPERATION_IN_PROGRESS, and what `run` does. */
  awaitEnd(operationId: string): Promise<void>;
  /** A change of the catalog alone, in one transaction. Throws CATALOG_UNVERIFIED. */
  change<T>(work: (catalog: CatalogChange) => Promise<T>): Promise<T>;
}

interface LoggedOperationsOptions extends OperationDependencies {
  /** A fresh uuid. */
  readonly newId: () => string;
  /** Milliseconds to wait for an operation that another process is running; 0: OPERATION_IN_PROGRESS at once. */
  readonly waitMs: number;
}

/** What became of an operation that its runner had left. */
export interface SettledOperation {
  readonly operation: Operation;
  readonly end: OperationEnd;
}

/** Changes as logged operations, any of which another process can bring to its end. */
export class LoggedOperations implements Operations {
  readonly #options: LoggedOperationsOptions;

  constructor(options: LoggedOperationsOptions) {
    this.#options = options;
  }

  async run<Request>(kind: OperationKind<Request>, map: ShardMap, request: Request): Promise<OperationReport> {
    const waitUntil = this.#options.clock.now() + this.#options.waitMs;
    const ended = new Set<string>();
    for (;;) {
      try {
        const { operation, steps } = await this.#begin(kind, map, request);
        await new OperationRunner(this.#options, map, operation, steps).finish();
        return { operationId: operation.operationId, description: steps.description };
      } catch (error) {
        if (!(error instanceof HeldByOperation)) throw error;
        if (ended.has(error.operationId)) throw heldForGood(error.operationId);
        if (await this.#outOfTheWay(error.operationId, waitUntil)) ended.add(error.operationId);
      }
    }
  }

  async awaitEnd(operationId: string): Promise<void> {
    const waitUntil = this.#options.clock.now() + this.#options.waitMs;
    while (!(await this.#outOfTheWay(operationId, waitUntil)));
  }

  change<T>(work: (catalog: CatalogChange) => Promise<T>): Promise<T> {
    return this.#options.store.change(onOwnCatalog(work));
  }

  /**
   * Finishes or undoes an operation whose runner's lease has run out; undefined where it is still running, or ended by now. It is
   * the caller's to see that the catalog may be believed.
   */
  async settle(left: Operation): Promise<SettledOperation | undefined> {
    const { store, leaseMs } = this.#options;
    // Before it is taken: what this program cannot run it must not take from one that can.
    const steps = bindOperation(left);
    const operation = await store.takeOperation(left.operationId, left.generation, leaseMs);
    if (operation === undefined) return undefined;
    const map = await store.getMap(operation.mapId);
    const end = await new OperationRunner(this.#options, map, operation, steps).settle();
    return { operation, end };
  }

  async #begin<Request>(kind: OperationKind<Request>, map: ShardMap, request: Request): Promise<BegunOperation> {
    const { store, leaseMs, newId } = this.#options;
    const operationId = newId();
    try {
      return await store.change((catalog) => beginOperation(catalog, kind, map, request, { operationId, leaseMs }));
    } catch (error) {
      if (!(error instanceof TenantryError) || error.outcome !== 'unknown') throw error;
      // The answer was lost: if it is logged all the same, it is this process that has to run it.
      const operation = await store.getOperation(operationId);
      if (operation === undefined) throw new TenantryError('CATALOG_UNAVAILABLE', undefined, { cause: error });
      return { operation, steps: bindOperation(operation) };
    }
  }

  /** Waits for an operation, or brings it to its end where its runner has left it. Whether it has ended. */
  async #outOfTheWay(operationId: string, waitUntil: number): Promise<boolean> {
    const { store, clock } = this.#options;
    const operation = await store.getOperation(operationId);
    if (operation === undefined || operation.state === 'DONE' || operation.state === 'UNDONE') return true;
    if (operation.leaseLeftMs === 0) {
      await requireOwnCatalog(store);
      return (await this.settle(operation)) !== undefined;
    }
    if (clock.now() >= waitUntil) {
      const detail = `Operation ${operationId} (${operation.kind}) holds it.`;
      throw new TenantryError('OPERATION_IN_PROGRESS', detail, { retryAfterMs: operation.leaseLeftMs });
    }
    await pause(clock, Math.min(operation.leaseLeftMs, 50));
    return false;
  }
}

/** An operation lets go of all it holds in the transaction that ends it: what one that has ended still holds was not left by it. */
function heldForGood(operationId: string): TenantryError {
  const detail = `Operation ${operationId} has ended and holds it still: the catalog was changed by something else than Tenantry.`;
  return new TenantryError('CONFLICT', detail);
}
