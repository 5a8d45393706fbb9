import { hadNoAnswer, TenantryError } from '../src/core/errors.ts';
import { schemaVersions } from '../src/core/schema-version.ts';
import { describeKeys } from './describe-keys.ts';
import { describeLocal } from './disagreement.ts';
import { LocalMap, type LocalMapping } from './local-map.ts';
import type { Mapping } from './mapping.ts';
import type { OperationDependencies } from './operation-dependencies.ts';
import type { Shard } from './shard.ts';
import type { ShardMap } from './shard-map.ts';

/** One place where a shard is not as the catalog has it. */
export interface Disagreement {
  readonly shard: string;
  /**
   * `unreachable` (also a server that only follows another one), `schema` (none, or another version), `identity` (another shard,
   * or none), `server` (another one than was added, such as a restored backup); of a mapping: `missing` on the shard, `extra`
   * there, or its `keys`, `state`, `epoch` or `token`.
   */
  readonly what: 'unreachable' | 'schema' | 'identity' | 'server' | 'missing' | 'extra' | 'keys' | 'state' | 'epoch' | 'token';
  readonly mappingId?: number;
  /** In words. Tokens are never shown. */
  readonly inCatalog: string;
  readonly onShard: string;
}

type Finding = Omit<Disagreement, 'shard'>;

/** A place where a shard is not as the catalog has it, in words. */
export function describeDisagreement({ what, mappingId, inCatalog, onShard }: Finding): string {
  const where = mappingId === undefined ? '' : ` of mapping ${mappingId}`;
  return `${what}${where}: the catalog has ${inCatalog}, the shard ${onShard}`;
}

const pageRows = 1000;

/**
 * Everything in which a shard differs from the catalog, as it is found; both are read page by page. `unsettled`: mappings of
 * unfinished operations, which may differ.
 */
export async function* compareShard(
  dependencies: OperationDependencies,
  map: ShardMap,
  shard: Shard,
  unsettled: ReadonlySet<number>,
): AsyncGenerator<Disagreement, void, undefined> {
  if (shard.operationId !== undefined) return;
  const named = (finding: Finding): Disagreement => ({ shard: shard.name, ...finding });
  try {
    const local = new LocalMap(dependencies.access.open(shard));
    const findings = await compareServer(dependencies, map, shard, local);
    yield* findings.map(named);
    if (findings.some(({ what }) => what === 'schema' || what === 'identity' || what === 'unreachable')) return;
    for await (const finding of new MappingComparison(dependencies, map, shard, local, unsettled).run()) yield named(finding);
  } catch (error) {
    if (!(error instanceof TenantryError) || error.code !== 'SHARD_UNAVAILABLE') throw error;
    yield named({ what: 'unreachable', inCatalog: 'a server that answers', onShard: 'no answer' });
  }
}

async function compareServer({ access }: OperationDependencies, map: ShardMap, shard: Shard, local: LocalMap): Promise<Finding[]> {
  const found = await inTime(local.description());
  if (found?.schemaVersion !== schemaVersions.shard) {
    const onShard = found === undefined ? 'no schema of Tenantry' : `version ${found.schemaVersion}`;
    return [{ what: 'schema', inCatalog: `version ${schemaVersions.shard}`, onShard }];
  }
  const { identity } = found;
  if (identity?.shardId !== shard.shardId || identity.map !== map.name || identity.keyType !== map.keyType) {
    const onShard = identity === undefined ? 'no identity' : `shard ${identity.shardId} of map ${identity.map} (${identity.keyType})`;
    return [{ what: 'identity', inCatalog: `shard ${shard.shardId} of map ${map.name} (${map.keyType})`, onShard }];
  }
  const incarnation = await identified(inTime(access.identify(shard)));
  if (incarnation === undefined)
    return [
      {
        what: 'unreachable',
        inCatalog: 'a server that takes changes',
        onShard: 'one that only follows another, or does not say who it is',
      },
    ];
  return incarnation === shard.incarnation ? [] : [{ what: 'server', inCatalog: shard.incarnation, onShard: incarnation }];
}

/** What a shard answers; where it takes too long, such as behind somebody's lock, or has no room for one more, it has not answered. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!hadNoAnswer(error)) throw error;
    throw new TenantryError('SHARD_UNAVAILABLE', error.reason, { cause: error });
  }
}

/** One shard whose server does not say who it is must not keep the others from being compared. */
async function identified(incarnation: Promise<string>): Promise<string | undefined> {
  try {
    return await incarnation;
  } catch (error) {
    if (!(error instanceof TenantryError) || error.code !== 'SHARD_UNVERIFIED') throw error;
    return undefined;
  }
}

/** Some of the mappings of one side. */
interface Page<T> {
  readonly byId: ReadonlyMap<number, T>;
  /** The last id for which it is complete; Infinity where no page comes after it. */
  readonly end: number;
}

/** Walks the mappings of catalog and shard, both in order of their ids. */
class MappingComparison {
  readonly #dependencies: OperationDependencies;
  readonly #map: ShardMap;
  readonly #shard: Shard;
  readonly #local: LocalMap;
  readonly #unsettled: ReadonlySet<number>;

  constructor(dependencies: OperationDependencies, map: ShardMap, shard: Shard, local: LocalMap, unsettled: ReadonlySet<number>) {
    this.#dependencies = dependencies;
    this.#map = map;
    this.#shard = shard;
    this.#local = local;
    this.#unsettled = unsettled;
  }

  async *run(): AsyncGenerator<Finding, void, undefined> {
    for (let from = 0; from !== Infinity;) {
      const [catalog, local] = [await this.#inCatalog(from), await this.#onShard(from)];
      const end = Math.min(catalog.end, local.end);
      const suspects = idsUpTo(end, catalog, local).filter(
        (id) => !this.#unsettled.has(id) && this.#differences(catalog.byId.get(id), local.byId.get(id)).length > 0,
      );
      from = suspects.length === 0 ? end : yield* this.#lookAgain(suspects, from, end);
    }
  }

  /** The two were not read at one moment: what an operation has changed since is no disagreement. Gives how far it came. */
  async *#lookAgain(suspects: readonly number[], from: number, upTo: number): AsyncGenerator<Finding, number, undefined> {
    const [before, local, after] = [await this.#inCatalog(from), await this.#onShard(from), await this.#inCatalog(from)];
    const end = Math.min(upTo, before.end, local.end, after.end);
    for (const mappingId of suspects.filter((id) => id <= end)) {
      const [one, other] = [before.byId.get(mappingId), after.byId.get(mappingId)];
      if (one?.operationId !== undefined || other?.operationId !== undefined || one?.epoch !== other?.epoch) continue;
      yield* this.#differences(other, local.byId.get(mappingId)).map((finding) => Object.assign({ mappingId }, finding));
    }
    return end;
  }

  async #inCatalog(from: number): Promise<Page<Mapping>> {
    return pageOf(await this.#dependencies.store.listMappingsOfShard(this.#shard.shardId, from, pageRows));
  }

  async #onShard(from: number): Promise<Page<LocalMapping>> {
    return pageOf(await inTime(this.#local.list(from, pageRows)));
  }

  #differences(mapping: Mapping | undefined, local: LocalMapping | undefined): Finding[] {
    if (mapping === undefined) {
      if (local === undefined || local.state === 'MOVED') return [];
      return [{ what: 'extra', inCatalog: 'absent', onShard: `${describeLocal(local)}, ${describeKeys(this.#map, local)}` }];
    }
    if (local === undefined)
      return [{ what: 'missing', inCatalog: `${describeLocal(mapping)}, ${describeKeys(this.#map, mapping)}`, onShard: 'absent' }];
    const findings: Finding[] = [];
    const compare = (what: Finding['what'], inCatalog: string, onShard: string): void => {
      if (inCatalog !== onShard) findings.push({ what, inCatalog, onShard });
    };
    compare('keys', describeKeys(this.#map, mapping), describeKeys(this.#map, local));
    compare('state', mapping.state, local.state);
    compare('epoch', String(mapping.epoch), String(local.epoch));
    if (findings.length === 0 && !this.#isGoodToken(local))
      findings.push({ what: 'token', inCatalog: 'the token that the fleet key gives', onShard: 'another one' });
    return findings;
  }

  #isGoodToken({ mappingId, epoch, token }: LocalMapping): boolean {
    const { tokenOf, previousTokenOf } = this.#dependencies;
    return [tokenOf, previousTokenOf].some(
      (of) => of !== undefined && token !== undefined && Buffer.compare(of(this.#map.name, mappingId, epoch), token) === 0,
    );
  }
}

function pageOf<T extends { readonly mappingId: number }>(mappings: readonly T[]): Page<T> {
  return {
    byId: new Map(mappings.map((mapping) => [mapping.mappingId, mapping])),
    end: mappings.length < pageRows ? Infinity : (mappings.at(-1)?.mappingId ?? Infinity),
  };
}

function idsUpTo(end: number, one: Page<unknown>, other: Page<unknown>): number[] {
  const ids = new Set([...one.byId.keys(), ...other.byId.keys()]);
  return [...ids].filter((id) => id <= end).toSorted((low, high) => low - high);
}
