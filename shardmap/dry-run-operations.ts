import { TenantryError } from '../src/core/errors.ts';
import { beginOperation } from './begin-operation.ts';
import { HeldByOperation, type OperationKind } from './operation-steps.ts';
import { onOwnCatalog } from './own-catalog.ts';
import type { OperationReport, Operations } from './logged-operations.ts';
import type { ShardMap } from './shard-map.ts';
import type { CatalogChange, ShardMapStore } from './store.ts';

/** Ends a transaction that was only a trial. */
class RolledBack extends Error {}

/**
 * Changes that are only tried: logged and claimed in a transaction of the catalog that is then rolled back, so that
 * everything which speaks against them is found. No shard is touched.
 */
export class DryRunOperations implements Operations {
  readonly #store: ShardMapStore;
  readonly #newId: () => string;

  constructor(store: ShardMapStore, newId: () => string) {
    this.#store = store;
    this.#newId = newId;
  }

  async run<Request>(kind: OperationKind<Request>, map: ShardMap, request: Request): Promise<OperationReport> {
    const begun = { operationId: this.#newId(), leaseMs: 0 };
    const { steps } = await this.#try((catalog) => beginOperation(catalog, kind, map, request, begun)).catch(inProgress);
    return { description: steps.description };
  }

  async awaitEnd(operationId: string): Promise<void> {
    return inProgress(new HeldByOperation(operationId));
  }

  change<T>(work: (catalog: CatalogChange) => Promise<T>): Promise<T> {
    return this.#try(onOwnCatalog(work));
  }

  async #try<T>(work: (catalog: CatalogChange) => Promise<T>): Promise<T> {
    const trial: { result?: T } = {};
    try {
      return await this.#store.change(async (catalog) => {
        trial.result = await work(catalog);
        throw new RolledBack();
      });
    } catch (error) {
      if (error instanceof RolledBack && 'result' in trial) return trial.result;
      throw error;
    }
  }
}

function inProgress(error: unknown): never {
  if (error instanceof HeldByOperation) throw new TenantryError('OPERATION_IN_PROGRESS', `Operation ${error.operationId} holds it.`);
  throw error;
}
