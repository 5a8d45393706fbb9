import type { Operation } from './operation.ts';
import type { OperationKind, OperationSteps } from './operation-steps.ts';
import { requireOwnCatalog } from './own-catalog.ts';
import type { ShardMap } from './shard-map.ts';
import type { CatalogChange } from './store.ts';

/** An operation that is logged and holds what it changes, once its transaction has committed. */
export interface BegunOperation {
  readonly operation: Operation;
  readonly steps: OperationSteps;
}

/**
 * Plans, logs and claims in one transaction of the catalog. Throws what speaks against the request, CATALOG_UNVERIFIED among it, or
 * `HeldByOperation`.
 */
export async function beginOperation<Request>(
  catalog: CatalogChange,
  kind: OperationKind<Request>,
  map: ShardMap,
  request: Request,
  { operationId, leaseMs }: { readonly operationId: string; readonly leaseMs: number },
): Promise<BegunOperation> {
  await requireOwnCatalog(catalog);
  const payload = await kind.plan(catalog, map, request);
  const steps = kind.bind(payload);
  const { state } = steps.phases[0];
  const operation = { operationId, mapId: map.mapId, kind: kind.name, payload, state, generation: 1, leaseLeftMs: leaseMs };
  await catalog.addOperation(operation, leaseMs);
  await steps.claim(catalog, operationId);
  return { operation, steps };
}
