import { TenantryError } from '../src/core/errors.ts';
import { otherVersion, schemaVersions } from '../src/core/schema-version.ts';
import type { Row, SqlDatabase, SqlParameters, SqlResult } from '../src/core/session.ts';
import { catalogUnavailable, SqlCatalogChange, SqlCatalogReader } from './sql-catalog.ts';
import { operationFrom, type OperationRow } from './sql-rows.ts';
import type { Operation } from './operation.ts';
import { NotCreated } from './not-created.ts';
import { schemaStateOf } from './schema-state.ts';
import type { CatalogChange, ShardMapStore } from './store.ts';
import { unlessVictim } from './unless-victim.ts';

/** The catalog in an SQL database that has Tenantry's catalog schema. */
export class SqlShardMapStore extends SqlCatalogReader implements ShardMapStore {
  readonly #database: SqlDatabase;

  /** The database stays the caller's to close. */
  constructor(database: SqlDatabase) {
    super(database);
    this.#database = database;
  }

  get holdUp(): TenantryError | undefined {
    return this.#database.holdUp;
  }

  async checkSchema(): Promise<void> {
    const { isCatalog } = await catalogUnavailable(schemaStateOf(this.#database));
    if (!isCatalog) {
      throw new NotCreated("The catalog's database has no catalog of Tenantry: run `tenantry map create`, or check the address.");
    }
    const found = (await this.run<{ version: number }>('catalog/schema-version')).rows[0]?.version;
    if (found === schemaVersions.catalog) return;
    throw new TenantryError('INVALID_CONFIGURATION', otherVersion("The catalog's schema", 'catalog', found));
  }

  async change<T>(work: (catalog: CatalogChange) => Promise<T>): Promise<T> {
    return catalogUnavailable(unlessVictim(() => this.#database.transaction((session) => work(new SqlCatalogChange(session)))));
  }

  async takeOperation(operationId: string, generation: number, leaseMs: number): Promise<Operation | undefined> {
    const { rows } = await this.run<OperationRow>('catalog/take-operation', { operationId, generation, leaseMs });
    return rows[0] && operationFrom(rows[0]);
  }

  async renewLease(operationId: string, generation: number, leaseMs: number): Promise<boolean> {
    return (await this.run('catalog/renew-lease', { operationId, generation, leaseMs })).rowCount === 1;
  }

  async deleteEnded(operationIds: readonly string[]): Promise<void> {
    await this.run('catalog/delete-ended', { operationIds: JSON.stringify(operationIds) });
  }

  protected override run<R extends Row>(file: string, parameters: SqlParameters = {}): Promise<SqlResult<R>> {
    return unlessVictim(() => super.run<R>(file, parameters));
  }
}
