import type { OperationKind } from './operation-steps.ts';
import type { OperationReport, Operations } from './operations.ts';
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
    const operationId = this.#newId();
    let description = '';
    try {
      await this.#store.change(async (catalog) => {
        description = await this.#tryIn(catalog, operationId, kind, map, request);
        throw new RolledBack();
      });
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
    return { description };
  }

  async #tryIn<Request>(catalog: CatalogChange, operationId: string, kind: OperationKind<Request>, map: ShardMap, request: Request): Promise<string> {
    const payload = await kind.plan(catalog, map, request);
    const steps = kind.bind(payload);
    await catalog.addOperation({ operationId, mapId: map.mapId, kind: kind.name, payload, state: steps.phases[0].state }, 0);
    await steps.claim(catalog, operationId);
    return steps.description;
  }
}
