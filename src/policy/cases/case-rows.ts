import type { TenantKey } from '../../../shardmap/key.ts';
import { TenantryError } from '../../core/errors.ts';
import { sql, type Sql } from '../../core/sql.ts';
import { nameOf } from '../../engine/qualified-tables.ts';
import type { LocatedTable } from '../model.ts';
import type { Stage } from '../probes/rehearse.ts';
import { SampleRows, type SampleRow } from '../probes/sample-rows.ts';
import { UnfitSample } from '../probes/unfit-sample.ts';
import type { TestedTable } from './tested-tables.ts';

/** A row of a file on its way to the database. */
export interface CaseRowGiven {
  readonly table: TestedTable;
  /** What the file says of it. */
  readonly given: ReadonlyMap<string, Sql>;
  /** Whose it is; undefined of a reference table. */
  readonly tenant: TenantKey | undefined;
}

/** Made-up rows that others refer to have the first numbers. */
const firstNumber = 100;

/** Makes rows of a file whole: what each must have besides what the file says of it. */
export class CaseRows {
  readonly #stage: Stage;
  readonly #samples: SampleRows;
  #number = firstNumber;

  private constructor(stage: Stage, samples: SampleRows) {
    this.#stage = stage;
    this.#samples = samples;
  }

  /** `tables` are all that the configuration has: what rows refer to is one of them, or nobody's. */
  static async of(stage: Stage, tables: readonly LocatedTable[]): Promise<CaseRows> {
    return new CaseRows(stage, await SampleRows.of(stage, tables));
  }

  /** The statement that inserts a row. Throws INVALID_REQUEST where the rest of it cannot be made up. */
  async insert(row: CaseRowGiven): Promise<Sql> {
    const { table, values } = await this.#whole(row);
    return this.#stage.samples.insert(sql.id(table.schema, table.table), values);
  }

  /** The same, or a change of the row that is there by the primary key, to what the file says. */
  async upsert(row: CaseRowGiven): Promise<Sql> {
    const { table, values } = await this.#whole(row);
    const { key } = row.table;
    const set = [...row.given.keys()].filter((column) => !key.includes(column));
    const written = this.#stage.samples.upserts(sql.id(table.schema, table.table), values, key, set.length === 0 ? undefined : set);
    const statement = written.at(-1)?.statement;
    if (statement === undefined) throw new TypeError('A row that is to be changed has no key, and was not checked.');
    return statement;
  }

  async #whole({ table, given, tenant }: CaseRowGiven): Promise<SampleRow> {
    this.#number += 1;
    try {
      return await this.#samples.compose(nameOf(table), { tenant, number: this.#number, given: Object.fromEntries(given) });
    } catch (error) {
      if (!(error instanceof UnfitSample)) throw error;
      throw new TenantryError('INVALID_REQUEST', `${error.table} ${error.reason}`, { cause: error });
    }
  }
}
