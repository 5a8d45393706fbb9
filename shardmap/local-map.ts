import type { Row, SqlSession } from '../src/core/session.ts';
import { describeLocal, disagreement } from './disagreement.ts';
import { haveSameKeys, type MappingKeys, type MappingKind } from './mapping.ts';

/** State of a mapping on a shard, which is what admits a tenant there. */
export type LocalState = 'ONLINE' | 'OFFLINE' | 'INCOMING' | 'DRAINING' | 'MOVED';

/** A mapping as the shard's own local map has it. */
export interface LocalMapping extends MappingKeys {
  readonly mappingId: number;
  readonly state: LocalState;
  readonly epoch: number;
  /** The token that an entry must present; absent exactly for MOVED. */
  readonly token?: Uint8Array;
}

/** A shard's local map before or after a change: a state at an epoch. */
export interface LocalStand {
  readonly state: LocalState;
  readonly epoch: number;
}

/** Which map's shard a database is. */
export interface ShardIdentity {
  readonly shardId: string;
  readonly map: string;
  readonly keyType: string;
}

/** A database that has a shard's schema. */
export interface ShardDescription {
  readonly schemaVersion: number;
  /** Absent where the database has not been added to a map. */
  readonly identity?: ShardIdentity;
}

type ShardDescriptionRow = Row & { readonly schemaVersion: number } & { readonly [K in keyof ShardIdentity]: ShardIdentity[K] | null };

type LocalMappingRow = Row & {
  readonly mappingId: number;
  readonly kind: MappingKind;
  readonly low: Uint8Array;
  readonly high: Uint8Array | null;
  readonly state: LocalState;
  readonly epoch: number;
  readonly token: Uint8Array | null;
};

/** Another token for a mapping that is at this epoch. */
export interface TokenChange {
  readonly mappingId: number;
  readonly epoch: number;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** A shard's local map over a session of the shard; changes belong in a transaction. */
export class LocalMap {
  readonly #session: SqlSession;

  constructor(session: SqlSession) {
    this.#session = session;
  }

  async get(mappingId: number): Promise<LocalMapping | undefined> {
    return this.#first('local-map/get-mapping', { mappingId });
  }

  /** By id, after the id given. */
  async list(afterId: number, limit: number): Promise<LocalMapping[]> {
    return (await this.#session.run<LocalMappingRow>('local-map/list-mappings', { afterId, limit })).rows.map(localMappingFrom);
  }

  /** Adds a mapping, or finds it as it is to be. Throws CONFLICT where the local map has something else for the keys. */
  async add(mapping: LocalMapping & { readonly token: Uint8Array }): Promise<void> {
    const { mappingId, kind, low, high, state, epoch, token } = mapping;
    const keys = { mappingId, low, high: high ?? null };
    const other =
      kind === 'point'
        ? await this.#first('local-map/find-same-key', { mappingId, low })
        : await this.#first('local-map/find-overlap', keys);
    if (other !== undefined)
      throw disagreement(`mapping ${other.mappingId} holds some of its keys already (${describeLocal(other)})`, mappingId);
    const { rowCount } = await this.#session.run('local-map/add-mapping', { ...keys, kind, state, epoch, token });
    if (rowCount > 0) return;
    const there = await this.#ofStand(mappingId, { state, epoch });
    if (!haveSameKeys(there, mapping)) throw disagreement('its keys are others', mappingId);
  }

  /** Takes a mapping from one stand to another, or finds it there already. Throws CONFLICT where it is neither. */
  async change(mappingId: number, from: LocalStand, to: LocalStand, token: Uint8Array): Promise<void> {
    const parameters = { mappingId, fromState: from.state, fromEpoch: from.epoch, toState: to.state, toEpoch: to.epoch, token };
    const { rowCount } = await this.#session.run('local-map/change-mapping', parameters);
    if (rowCount === 0) await this.expect(mappingId, to);
  }

  /** Changes tokens where they are still as thought and nobody holds the mapping; how many they were. */
  async changeTokens(changes: readonly TokenChange[]): Promise<number> {
    const tokens = changes.map(({ from, to, ...mapping }) => ({ ...mapping, from: hexOf(from), to: hexOf(to) }));
    return (await this.#session.run('local-map/change-tokens', { tokens: JSON.stringify(tokens) })).rowCount;
  }

  /** Deletes a mapping of this stand, or finds none. Throws CONFLICT where it is of another. */
  async delete(mappingId: number, { state, epoch }: LocalStand): Promise<void> {
    const { rowCount } = await this.#session.run('local-map/delete-mapping', { mappingId, state, epoch });
    const found = rowCount === 0 ? await this.get(mappingId) : undefined;
    if (found !== undefined)
      throw disagreement(`it is ${describeLocal(found)} where ${describeLocal({ state, epoch })} was expected`, mappingId);
  }

  /**
   * Takes a mapping back from the stand that an operation gave it, or deletes it. Where it is not of that stand, that was not the
   * operation.
   */
  async takeBack(mappingId: number, from: LocalStand, to?: LocalStand & { readonly token: Uint8Array }): Promise<void> {
    if (to === undefined) {
      await this.#session.run('local-map/delete-mapping', { mappingId, state: from.state, epoch: from.epoch });
      return;
    }
    const { state: toState, epoch: toEpoch, token } = to;
    await this.#session.run('local-map/change-mapping', {
      mappingId,
      fromState: from.state,
      fromEpoch: from.epoch,
      toState,
      toEpoch,
      token,
    });
  }

  /** Throws CONFLICT where the mapping is not of this stand. */
  async expect(mappingId: number, stand: LocalStand): Promise<void> {
    await this.#ofStand(mappingId, stand);
  }

  async #ofStand(mappingId: number, stand: LocalStand): Promise<LocalMapping> {
    const found = await this.get(mappingId);
    if (found?.state === stand.state && found.epoch === stand.epoch) return found;
    throw disagreement(`it is ${describeLocal(found)} where ${describeLocal(stand)} was expected`, mappingId);
  }

  /** Takes the mapping's lock exclusively for the transaction, where nobody holds it. Does not wait. */
  async tryLock(mappingId: number): Promise<boolean> {
    return (await this.#session.run<{ taken: boolean }>('local-map/try-lock', { mappingId })).rows[0]?.taken === true;
  }

  /** Cancels what runs under the mapping's lock, or ends the sessions that hold it; how many there were. */
  async interruptHolders(mappingId: number, disconnect: boolean): Promise<number> {
    return (await this.#session.run('local-map/interrupt-holders', { mappingId, disconnect })).rows.length;
  }

  /** What kind of database it is; absent where it has no schema of Tenantry. */
  async description(): Promise<ShardDescription | undefined> {
    const installed = (await this.#session.run<{ installed: boolean }>('local-map/is-installed')).rows[0]?.installed === true;
    if (!installed) return undefined;
    const row = (await this.#session.run<ShardDescriptionRow>('local-map/get-description')).rows[0];
    if (row === undefined) return undefined;
    const { schemaVersion, shardId, map, keyType } = row;
    return { schemaVersion, ...(shardId !== null && map !== null && keyType !== null && { identity: { shardId, map, keyType } }) };
  }

  async claimIdentity({ shardId, map, keyType }: ShardIdentity): Promise<void> {
    await this.#session.run('local-map/claim-identity', { shardId, map, keyType });
  }

  async releaseIdentity(shardId: string): Promise<void> {
    await this.#session.run('local-map/release-identity', { shardId });
  }

  async #first(file: string, parameters: Record<string, number | Uint8Array | null>): Promise<LocalMapping | undefined> {
    const row = (await this.#session.run<LocalMappingRow>(file, parameters)).rows[0];
    return row && localMappingFrom(row);
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function localMappingFrom({ mappingId, kind, low, high, state, epoch, token }: LocalMappingRow): LocalMapping {
  return { mappingId, kind, low, ...(high !== null && { high }), state, epoch, ...(token !== null && { token }) };
}
