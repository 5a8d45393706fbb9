import { TenantryError, type ErrorCode } from '../src/core/errors.ts';
import { abortedState, type Operation } from './operation.ts';
import type { OperationDependencies } from './operation-dependencies.ts';
import { OperationStep, Superseded } from './running-step.ts';
import type { OperationSteps, Phase } from './operation-steps.ts';
import { requireOwnCatalog } from './own-catalog.ts';
import type { ShardMap } from './shard-map.ts';
import type { CatalogChange } from './store.ts';

/** How an operation ended. */
export type OperationEnd = 'DONE' | 'UNDONE';

/** Carries one operation, which it has taken at its generation, from the state it is in to its end. */
export class OperationRunner {
  readonly #dependencies: OperationDependencies;
  readonly #map: ShardMap;
  readonly #steps: OperationSteps;
  readonly #step: OperationStep;
  #operation: Operation;
  /** Why it is being given up. */
  #failure: unknown;

  constructor(dependencies: OperationDependencies, map: ShardMap, operation: Operation, steps: OperationSteps) {
    this.#dependencies = dependencies;
    this.#map = map;
    this.#operation = operation;
    this.#steps = steps;
    this.#step = new OperationStep(dependencies, map, operation, steps.shardIds);
  }

  /** To DONE. What fails before the commit is undone, and thrown once that is so. */
  async finish(): Promise<void> {
    if ((await this.#toTheEnd((phase) => this.#forward(phase))) === 'UNDONE') throw undone(this.#failure);
  }

  /** To whichever end is nearer: undone before the commit, finished after it. */
  async settle(): Promise<OperationEnd> {
    return this.#toTheEnd((phase) => (phase.undoable ? this.#swap(abortedState) : this.#forward(phase)));
  }

  async #toTheEnd(goOn: (phase: Phase) => Promise<void>): Promise<OperationEnd> {
    try {
      for (;;) {
        const { state } = this.#operation;
        if (state === 'UNDONE') return 'UNDONE';
        if (state === 'DONE') return await this.#done();
        if (state === abortedState) await this.#undo();
        else await goOn(this.#phase(state));
      }
    } catch (error) {
      if (error instanceof Superseded) return this.#supersededEnd();
      throw await this.#leave(error);
    }
  }

  #phase(state: string): Phase {
    const phase = this.#steps.phases.find((candidate) => candidate.state === state);
    if (phase === undefined) throw new TenantryError('INTERNAL', `An operation ${this.#operation.kind} has no state ${state}.`);
    return phase;
  }

  async #forward(phase: Phase): Promise<void> {
    const next = this.#steps.phases[this.#steps.phases.indexOf(phase) + 1]?.state ?? 'DONE';
    try {
      if (phase.undoable) await this.#step.checkShards();
      await phase.work(this.#step);
      await this.#swap(next, (catalog) => phase.advance(catalog, this.#operation.operationId), phase.undoable);
    } catch (error) {
      if (!phase.undoable || error instanceof Superseded) throw error;
      this.#failure = error;
      await this.#swap(abortedState);
    }
  }

  async #undo(): Promise<void> {
    if (!this.#step.untouched) await this.#steps.undo?.(this.#step);
    await this.#swap('UNDONE', (catalog) => this.#steps.abandon(catalog, this.#operation.operationId));
  }

  /**
   * Compare-and-swap to another state, with the change of the catalog that belongs to it. Where the answer is lost, the
   * operation is looked at again: it may have arrived in that state, or (after a swap that competes with a COMMIT still
   * on its way, for which the row's lock makes this one wait) in the one that was asked for before.
   */
  async #swap(state: string, change?: (catalog: CatalogChange) => Promise<void>, commits = false): Promise<void> {
    const { store } = this.#dependencies;
    const from = this.#operation;
    try {
      await store.change(async (catalog) => {
        if (!(await catalog.swapOperation(from, state, { failure: this.#failureCode(), commits }))) {
          if (commits) await requireOwnCatalog(catalog);
          throw new Superseded();
        }
        await change?.(catalog);
      });
      this.#operation = { ...from, state };
    } catch (error) {
      const now = await store.getOperation(from.operationId);
      if (now?.generation !== from.generation) throw new Superseded();
      if (now.state === from.state) throw error;
      await this.#confirm(now);
      this.#operation = now;
    }
  }

  /**
   * What was only read may be on this server alone, where it did not wait for its standby until the end. One more write that is
   * confirmed confirms all before it. Ends need none: without them, the same end is reached again.
   */
  async #confirm({ operationId, generation, state }: Operation): Promise<void> {
    if (state === 'DONE' || state === 'UNDONE') return;
    const { store, leaseMs } = this.#dependencies;
    if (!(await store.renewLease(operationId, generation, leaseMs))) throw new Superseded();
  }

  #failureCode(): ErrorCode | undefined {
    if (this.#failure === undefined) return undefined;
    return this.#failure instanceof TenantryError ? this.#failure.code : 'INTERNAL';
  }

  async #done(): Promise<OperationEnd> {
    const { name: map } = this.#map;
    for (const change of this.#steps.changes) await this.#dependencies.publish({ map, ...change });
    return 'DONE';
  }

  /** Another runner has it, and may have brought it to its end already. */
  async #supersededEnd(): Promise<OperationEnd> {
    const { operationId } = this.#operation;
    const now = await this.#dependencies.store.getOperation(operationId);
    if (now?.state === 'DONE') return 'DONE';
    const detail = now?.state === 'UNDONE' ? 'Another process has undone this one.' : 'Another process has taken this one over.';
    throw new TenantryError('OPERATION_IN_PROGRESS', `${detail} Operation ${operationId}.`);
  }

  /** The error to throw where the operation stays unfinished. Its lease is given back, so that the next process need not wait. */
  async #leave(failure: unknown): Promise<TenantryError> {
    const { operationId, generation, state } = this.#operation;
    // If the catalog is away, the lease runs out by itself.
    await Promise.allSettled([this.#dependencies.store.renewLease(operationId, generation, 0)]);
    const code = failure instanceof TenantryError ? failure.code : 'INTERNAL';
    const reason = failure instanceof TenantryError ? failure.message : 'An unexpected error occurred.';
    const detail = `Operation ${operationId} is left ${state}: the next operation on the same mapping, the sweep of \`tenantry serve\` or \`tenantry recover\` brings it to its end. ${reason}`;
    const cause =
      this.#failure === undefined ? failure : new AggregateError([this.#failure, failure], 'The operation failed, and so did its undoing.');
    return new TenantryError(code, detail, { cause, outcome: 'unknown' });
  }
}

/** Why an operation was undone. What was unknown of one of its steps is known of the whole: it did not happen. */
function undone(failure: unknown): unknown {
  if (!(failure instanceof TenantryError) || failure.outcome !== 'unknown') return failure;
  const code = failure.code === 'COMMIT_UNKNOWN' ? 'SHARD_UNAVAILABLE' : failure.code;
  return new TenantryError(code, 'A connection was lost in the middle of the change, which was undone.', { cause: failure });
}
