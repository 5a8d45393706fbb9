import { TenantryError } from '../src/core/errors.ts';
import { compareShard, type Disagreement } from './compare-shard.ts';
import type { Operation } from './operation.ts';
import type { OperationDependencies } from './operation-dependencies.ts';
import type { OperationEnd } from './operation-runner.ts';
import type { LoggedOperations, SettledOperation } from './logged-operations.ts';
import { bindOperation, isKnownOperation } from './operations/index.ts';
import { requireOwnCatalog, writableServer, type WritableCatalogServer } from './own-catalog.ts';
import { pruneOperations } from './prune-operations.ts';
import type { Shard } from './shard.ts';
import type { Retention } from './store.ts';

/** What a sweep did about operations that were not at their end. */
export interface SweepReport {
  readonly settled: readonly SettledOperation[];
  /** Still being run by a process whose lease holds. */
  readonly running: readonly Operation[];
  /** What could not be brought to its end now, such as on a shard that is away. */
  readonly failed: readonly { readonly operation: Operation; readonly error: TenantryError }[];
  /** How many that ended long ago were forgotten. */
  readonly pruned: number;
}

/** What `recover` did and found. */
export interface RecoveryReport extends SweepReport {
  /**
   * Whether the shard map may be changed: the catalog's server is `known`; or it was another one (a restored backup, a promoted
   * standby) and is `accepted` from now on; or `refused`, because of what else this report says.
   */
  readonly catalog: 'known' | 'accepted' | 'refused';
  /** Names of the shards that the catalog knows, all of which were compared. */
  readonly compared: readonly string[];
  readonly disagreements: readonly Disagreement[];
  /** Names of shards whose server had changed, which are open again: nothing else was wrong with them. */
  readonly reopened: readonly string[];
}

/** What `recover` would do, and what it found. */
export interface RecoveryPreview {
  /** As in a report; `acceptable`: it would be accepted, if every operation can be brought to its end. */
  readonly catalog: 'known' | 'acceptable' | 'refused';
  /** Left by their runners, and the end to which they would be brought. */
  readonly left: readonly SettledOperation[];
  /** Still being run by a process whose lease holds. */
  readonly running: readonly Operation[];
  readonly disagreements: readonly Disagreement[];
  /** Names of shards that would be open again. */
  readonly reopenable: readonly string[];
}

/** Brings what other processes left to its end, and compares shards with the catalog. */
export class Recovery {
  readonly #dependencies: OperationDependencies;
  readonly #operations: LoggedOperations;
  readonly #retention: Retention;

  constructor(dependencies: OperationDependencies, operations: LoggedOperations, retention: Retention) {
    this.#dependencies = dependencies;
    this.#retention = retention;
    this.#operations = operations;
  }

  /**
   * Finishes or undoes every operation whose runner's lease has run out, and forgets what ended long ago. Throws
   * CATALOG_UNVERIFIED where the catalog's server has changed: only `recover` accepts another one.
   */
  async sweep(): Promise<SweepReport> {
    await requireOwnCatalog(this.#dependencies.store);
    return this.#settleAll();
  }

  async #settleAll(): Promise<SweepReport> {
    const report = {
      settled: [] as SettledOperation[],
      running: [] as Operation[],
      failed: [] as { operation: Operation; error: TenantryError }[],
    };
    for (const operation of await this.#dependencies.store.listUnfinished()) {
      try {
        const settled = await this.#operations.settle(operation);
        if (settled === undefined) report.running.push(operation);
        else report.settled.push(settled);
      } catch (error) {
        if (!(error instanceof TenantryError)) throw error;
        report.failed.push({ operation, error });
      }
    }
    return { ...report, pruned: await pruneOperations(this.#dependencies, this.#retention) };
  }

  /**
   * A sweep, and where shards and catalog disagree after it. Repairs nothing. Where the catalog's server has changed, it is accepted
   * if nothing is left and nothing disagrees, or if the caller says `confirmed`. Throws CATALOG_UNVERIFIED where it takes no changes.
   */
  async recover({ confirmed = false }: RecoveryChoice = {}): Promise<RecoveryReport> {
    const server = await writableServer(this.#dependencies.store);
    if (server.recorded === server.present) return { catalog: 'known', ...(await this.#settleAndCompare()) };
    // What an old backup has as left may have ended long ago, and what it would do to a shard been made wrong by what followed,
    // such as rows deleted of a tenant that was added again: nothing is brought to its end before the shards have been asked.
    const before = await this.#compareAll();
    if (!confirmed && disagreementsIn(before).length > 0) return { ...nothingDone, catalog: 'refused', ...comparisonOf(before) };
    const report = await this.#settleAndCompare();
    const isClean = [report.running, report.failed, report.disagreements].every(({ length }) => length === 0);
    return { catalog: (confirmed || isClean) && (await this.#accept(server)) ? 'accepted' : 'refused', ...report };
  }

  async #settleAndCompare(): Promise<Omit<RecoveryReport, 'catalog'>> {
    const swept = await this.#settleAll();
    const shards = await this.#compareAll();
    const closed: ComparedShard[] = [];
    const reopened: string[] = [];
    for (const each of shards) {
      if (each.server !== undefined && (await this.#reopen(each.shard, each.server))) reopened.push(each.shard.name);
      else closed.push({ ...each, server: undefined });
    }
    return { ...swept, ...comparisonOf(shards), disagreements: disagreementsIn(closed), reopened };
  }

  /** What `recover` would do now. Changes nothing. */
  async preview(): Promise<RecoveryPreview> {
    const unfinished = (await this.#dependencies.store.listUnfinished()).filter(isKnownOperation);
    const { recorded, present } = await writableServer(this.#dependencies.store);
    const shards = await this.#compareAll();
    const disagreements = disagreementsIn(shards);
    const running = unfinished.filter(({ leaseLeftMs }) => leaseLeftMs > 0);
    return {
      catalog: recorded === present ? 'known' : disagreements.length + running.length === 0 ? 'acceptable' : 'refused',
      left: unfinished.filter(({ leaseLeftMs }) => leaseLeftMs === 0).map((operation) => ({ operation, end: nearerEnd(operation) })),
      running,
      disagreements,
      reopenable: shards.flatMap(({ shard, server }) => (server === undefined ? [] : [shard.name])),
    };
  }

  /** Where a shard and the catalog disagree, as it is found. Changes nothing. */
  async *disagreements(shard: Shard): AsyncGenerator<Disagreement, void, undefined> {
    const { store } = this.#dependencies;
    const unfinished = (await store.listUnfinished()).filter(isKnownOperation).map(bindOperation);
    const unsettled = new Set(unfinished.flatMap(({ mappingIds }) => mappingIds));
    const map = await store.getMap(shard.mapId);
    yield* compareShard(this.#dependencies, map, shard, unsettled);
  }

  async #compareAll(): Promise<ComparedShard[]> {
    const compared: ComparedShard[] = [];
    for (const shard of await this.#dependencies.store.listShards()) {
      const found = await Array.fromAsync(this.disagreements(shard));
      compared.push({ shard, found, server: changedServer(found) });
    }
    return compared;
  }

  async #reopen({ shardId, incarnation }: Shard, server: string): Promise<boolean> {
    return this.#dependencies.store.change((catalog) => catalog.recordIncarnation(shardId, incarnation, server));
  }

  /** Whether the server that was looked at is the catalog's own now: recorded here, or by another process at the same time. */
  async #accept({ recorded, present }: WritableCatalogServer): Promise<boolean> {
    const { store } = this.#dependencies;
    if (await store.change((catalog) => catalog.recordServer(recorded, present))) return true;
    const now = await store.server();
    return now.recorded === present && now.present === present;
  }
}

/** What a `recover` is asked besides. */
export interface RecoveryChoice {
  /** Accept a catalog whose server has changed although shards disagree with it or do not answer. Default false. */
  readonly confirmed?: boolean | undefined;
}

const nothingDone = { settled: [], running: [], failed: [], pruned: 0, reopened: [] };

interface ComparedShard {
  readonly shard: Shard;
  readonly found: readonly Disagreement[];
  /** The new incarnation, where that is all that differs. */
  readonly server: string | undefined;
}

function comparisonOf(shards: readonly ComparedShard[]): Pick<RecoveryReport, 'compared' | 'disagreements'> {
  return { compared: shards.map(({ shard }) => shard.name), disagreements: disagreementsIn(shards) };
}

/** What keeps shards closed, or is wrong on those that are open. */
function disagreementsIn(shards: readonly ComparedShard[]): readonly Disagreement[] {
  return shards.flatMap(({ found, server }) => (server === undefined ? found : []));
}

/**
 * A server that changed and whose local map is still exactly the catalog's, tokens included, may serve again: it
 * admits whom the catalog sends there and nobody else. Anything else keeps it closed. Of rows that a backup lacks
 * nothing is known here.
 */
function changedServer([only, ...others]: readonly Disagreement[]): string | undefined {
  return only?.what === 'server' && others.length === 0 ? only.onShard : undefined;
}

/** What settling comes to: undone before the commit, finished after it. */
function nearerEnd(operation: Operation): OperationEnd {
  const phase = bindOperation(operation).phases.find(({ state }) => state === operation.state);
  return phase === undefined || phase.undoable ? 'UNDONE' : 'DONE';
}
