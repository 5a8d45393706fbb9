import type { ContextSetting, TableSettings } from '../../../src/config/settings.ts';
import type { PolicySetting } from '../../../src/config/policy-schema.ts';

/** Types of columns that predicates compare; `flag` is PostgreSQL's boolean and SQL Server's bit. */
export type ColumnType = 'int' | 'bigint' | 'uuid' | 'text' | 'varchar' | 'flag';

/** What a column holds, as text in its one canonical form (a flag: 0 or 1), or null. */
export type Cell = string | null;

/** A row, or some columns of one, by column. */
export type Row = Readonly<Record<string, Cell>>;

/** A table of a shape. */
export interface ShapeTable {
  readonly settings: TableSettings;
  /** Besides the tenant's and the key; all of them take null. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** An integer column: alone, or within its tenant, a row's name. */
  readonly key: string;
  /** What policies read beside the row's own table: it may have none on reading. */
  readonly isMember: boolean;
}

/** Tables as a database has them, without rows and policies. Every tenant's key is an integer. */
export interface Shape {
  readonly name: string;
  readonly tables: readonly ShapeTable[];
}

/** The values that callers of every shape may bring. */
export const context = [
  { name: 'name', type: 'string' },
  { name: 'number', type: 'int' },
  { name: 'big', type: 'bigint' },
  { name: 'id', type: 'uuid' },
  { name: "the role's", type: 'string' },
  { name: 'roles', type: 'strings' },
] as const satisfies readonly ContextSetting[];

/** Who asks: a tenant, and what its call brings along. */
export interface Caller {
  readonly tenant: number;
  readonly values: Readonly<Record<string, string | readonly string[]>>;
}

/** Policies over a shape, and rows of each table by its name in the configuration. */
export interface World {
  readonly shape: Shape;
  readonly policies: Readonly<Record<string, PolicySetting>>;
  readonly rows: Readonly<Record<string, readonly Row[]>>;
}

/** A statement's condition: a column equals a value. */
export interface Where {
  readonly column: string;
  readonly equals: string;
}

/** A statement that changes rows of one table; `answers`: with the rows that it changed. Without `where` it means every row. */
export type Write = { readonly table: string } & (
  | { readonly kind: 'insert'; readonly row: Row; readonly answers: boolean }
  | { readonly kind: 'update'; readonly set: Row; readonly where: Where | undefined; readonly answers: boolean }
  | { readonly kind: 'delete'; readonly where: Where | undefined; readonly answers: boolean }
  /** By the key; `set` null: what is there stays. */
  | { readonly kind: 'upsert'; readonly row: Row; readonly set: Row | null }
  /** By the key: what matches is changed, deleted or left, what does not is inserted or left. */
  | { readonly kind: 'merge'; readonly row: Row; readonly matched: Row | 'delete' | 'nothing'; readonly inserts: boolean }
);

/** What came of a write: the table's rows afterwards, those of other tenants among them, and what it answered; or a refusal. */
export type Outcome = 'refused' | { readonly rows: readonly Row[]; readonly answered: readonly Row[] };

/** The table of that name; throws where the shape has none. */
export function tableOf({ tables }: Shape, name: string): ShapeTable {
  const table = tables.find(({ settings }) => settings.name === name);
  if (table === undefined) throw new Error(`The shape has no table ${name}.`);
  return table;
}

/** All columns in the order of the table, the tenant's and the key first. */
export function columnsOf({ settings, key, columns }: ShapeTable): string[] {
  return [...(settings.tenantColumn === undefined ? [] : [settings.tenantColumn]), key, ...Object.keys(columns)];
}
