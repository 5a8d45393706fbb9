import type { ColumnKind } from './column-kind.ts';
import { TenantryError } from './errors.ts';
import type { KeyType } from './key-type.ts';
import type { ProcedureAnswer } from './procedure.ts';
import { decimalValue, SqlTyped, uuidValue } from './sql-typed.ts';

/** A value that travels as a parameter, never as text of a statement. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | Date | SqlTyped | null | readonly SqlValue[];

/** A name of the database: exact case, quoted by the engine, with an optional schema before it. */
interface SqlName {
  readonly kind: 'name';
  readonly path: readonly string[];
}

/** What each engine says in its own words; holds no values. */
interface SqlByDialect {
  readonly kind: 'by dialect';
  readonly write: (dialect: SqlDialect) => Sql;
}

interface ValuePart {
  readonly kind: 'value';
  readonly value: SqlValue;
  /** Type of the column that the value is compared with, as its engine declares it. */
  readonly storedAs?: string;
}

/** A piece of a statement, which an engine writes in its own way. */
export type SqlPart = { readonly kind: 'text'; readonly text: string } | ValuePart | SqlName | SqlByDialect;

/** A template whose every interpolation is a value: its text depends on the place in the program alone. */
interface PlainTemplate {
  readonly strings: TemplateStringsArray;
  readonly values: readonly SqlValue[];
}

/** A statement as parts; only `sql` makes one, so a plain string can never be run. */
export class Sql {
  readonly #content: PlainTemplate | readonly SqlPart[];

  constructor(content: PlainTemplate | readonly SqlPart[]) {
    this.#content = content;
  }

  /** Set where the statement is one template without fragments or names in it. */
  get plain(): PlainTemplate | undefined {
    return 'strings' in this.#content ? this.#content : undefined;
  }

  get parts(): readonly SqlPart[] {
    return 'strings' in this.#content ? partsOf(this.#content.strings, this.#content.values) : this.#content;
  }
}

/** A table as the statements that change its rows need it. */
export interface ChangedTable {
  readonly name: Sql;
  /** Undefined where the rows are nobody's. */
  readonly tenantColumn: string | undefined;
  readonly keyType: KeyType;
  /** Primary key in its order, without the tenant column. `storedAs`: as `sqlCompared` has it. */
  readonly key: readonly { readonly name: string; readonly storedAs: string | null }[];
  /** Null where the database that described the table makes nothing of it. */
  readonly hasTriggers: boolean | null;
  /** Select list of a row as it is shown; `column` names one of its columns as the clause needs it. */
  readonly row: (column: (name: string) => Sql) => Sql;
}

/** What makes a change answer with the row it changed: before the statement, before its values or condition, and behind it. */
export interface AnsweringClauses {
  readonly first: Sql;
  readonly amid: Sql;
  readonly last: Sql;
}

/** A stored procedure as a statement that calls it needs it. */
export interface CalledProcedure {
  readonly name: Sql;
  /** It is a function, of an engine that has those beside procedures. */
  readonly isFunction: boolean;
  readonly returns: ProcedureAnswer;
  /** Select list of an answer's row as it is shown; `column` names one of its columns as the clause needs it. */
  readonly row: (column: (name: string) => Sql) => Sql;
}

/** What a call is made of: before its arguments, before the value of each, and behind them; commas stand between them. */
export interface CallingClauses {
  readonly first: Sql;
  readonly argument: (name: string) => Sql;
  readonly last: Sql;
}

/** How an engine writes names and parameters, and what engines do not say in the same words. */
export interface SqlDialect {
  /** The schema of a table that is named without one. */
  readonly defaultSchema: string;
  /**
   * What values of a type are, by its name in the database, an alias resolved; null: they do not travel as JSON, or it is named by none.
   */
  columnKind(baseType: string | null): ColumnKind | null;
  /** Quotes one identifier. */
  quote(identifier: string): string;
  /** The text of the parameter at a 1-based position. */
  placeholder(position: number): string;
  /**
   * A stored value as text: as it is, a time with a zone as that of UTC, or a number with every digit; undefined where it comes
   * like that by itself.
   */
  asText(value: Sql, form: 'as it is' | 'in UTC' | 'every digit'): Sql | undefined;
  /**
   * Says of a tenant column that it is the entered tenant's, for a plan that starts from it; undefined where the policies' own
   * words are enough. Never widens what they show.
   */
  isEntered(column: Sql, keyType: KeyType): Sql | undefined;
  /**
   * The words by which a change of one row answers: its count is that of the rows changed, and an insert or update has the row
   * beside it, unless triggers left none that can be seen by its key.
   */
  answering(change: 'insert' | 'update' | 'delete', table: ChangedTable): AnsweringClauses;
  /**
   * The words that call a procedure, its arguments by name, and make it answer with rows of its columns in order, or with one document
   * as text, in parts where the server cuts it. What it answers beside that is passed over.
   */
  calling(procedure: CalledProcedure): CallingClauses;
  /** A parameter in the type of the column that it is compared with; as it is where that changes nothing. */
  compared(placeholder: string, storedAs: string): string;
}

/** Builds a statement: interpolated values become parameters, `Sql` and names are spliced in. Throws INVALID_REQUEST for other things. */
export function sql(strings: TemplateStringsArray, ...values: readonly (SqlValue | Sql)[]): Sql {
  if (!isTemplate(strings)) throw new TenantryError('INVALID_REQUEST', 'sql is a template tag: write sql`select ...`, never sql(text).');
  let plain = true;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (value instanceof Sql) plain = false;
    else checkValue(value, index);
  }
  return new Sql(plain ? { strings, values: values as readonly SqlValue[] } : partsOf(strings, values));
}

/** A name, or a schema and a name: `sql.id('Blogs')`, `sql.id('dbo', 'Blogs')`. Throws INVALID_REQUEST for an empty one or one with NUL. */
sql.id = (...path: readonly [string, ...string[]]): Sql => {
  for (const identifier of path) {
    if (typeof identifier !== 'string' || identifier === '' || identifier.includes('\0') || !identifier.isWellFormed()) {
      throw new TenantryError(
        'INVALID_REQUEST',
        'A name in a statement is a string of at least one character, without NUL or lone surrogates.',
      );
    }
  }
  return new Sql([{ kind: 'name', path }]);
};

/**
 * A uuid for a column of that type: SQL Server compares and stores it as `uniqueidentifier`, where a text is converted by the server.
 * Throws INVALID_REQUEST for any other text.
 */
sql.uuid = (text: string): SqlTyped => uuidValue(text);

/**
 * An exact number, as text: `sql.decimal('12.50', 18, 4)` has up to 18 digits, 4 of them after the point, and travels with all of
 * them. Throws INVALID_REQUEST where it would have to be rounded, or for a type that is none.
 */
sql.decimal = (text: string, precision: number, scale: number): SqlTyped => decimalValue(text, precision, scale);

/** Joins fragments with a separator of plain SQL, `, ` by default. Throws INVALID_REQUEST for anything but fragments. */
sql.join = (fragments: readonly Sql[], separator: Sql = sql`, `): Sql =>
  new Sql(
    fragments.flatMap((fragment, index) =>
      index === 0 ? partsOfStatement(fragment) : [...separator.parts, ...partsOfStatement(fragment)],
    ),
  );

/** A table of a schema, or of the default schema of whichever engine the statement is written for. */
export function sqlTable(schema: string | undefined, table: string): Sql {
  return schema === undefined ? sqlByDialect(({ defaultSchema }) => sql.id(defaultSchema, table)) : sql.id(schema, table);
}

/**
 * A value that is compared with a column, which says how the engine that described it declares it (`shard/describe-tables`),
 * or null: then the engine finds a common type by itself.
 */
export function sqlCompared(value: SqlValue, storedAs: string | null): Sql {
  return new Sql([{ kind: 'value', value, ...(storedAs === null ? {} : { storedAs }) }]);
}

/** A fragment that engines say in different words; `write` gives it without values. */
export function sqlByDialect(write: (dialect: SqlDialect) => Sql): Sql {
  return new Sql([{ kind: 'by dialect', write }]);
}

/** A text of the program's own, such as a schema file or a rendered definition; never anything a caller typed. */
export function sqlText(text: string): Sql {
  return new Sql([{ kind: 'text', text }]);
}

/** Parts of a statement. A caller without types may pass text: throws INVALID_REQUEST for anything but what `sql` built. */
export function partsOfStatement(statement: Sql): readonly SqlPart[] {
  if (!(statement instanceof Sql)) throw new TenantryError('INVALID_REQUEST', 'A statement is built by the template tag sql.');
  return statement.parts;
}

function partsOf(strings: TemplateStringsArray, values: readonly (SqlValue | Sql)[]): readonly SqlPart[] {
  const parts: SqlPart[] = [];
  for (const [index, text] of strings.entries()) {
    if (text !== '') parts.push({ kind: 'text', text });
    const value = values[index];
    if (value instanceof Sql) parts.push(...value.parts);
    else if (value !== undefined) parts.push({ kind: 'value', value });
  }
  return parts;
}

/** A caller without types may pass an array of text; only the language itself makes a frozen one with `raw`. */
function isTemplate(strings: TemplateStringsArray): boolean {
  return Array.isArray(strings) && Array.isArray(strings.raw) && Object.isFrozen(strings);
}

/** A caller without types may pass what is no value; drivers would send some of it as text. */
function checkValue(value: unknown, index: number): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return;
  if (value === null || value instanceof Uint8Array || value instanceof Date || value instanceof SqlTyped) return;
  if (Array.isArray(value)) {
    for (const element of value) checkElement(element, index);
    return;
  }
  throw new TenantryError(
    'INVALID_REQUEST',
    `Value ${index + 1} of a statement is of type ${typeof value}: allowed are string, number, bigint, boolean, Uint8Array, Date, null, sql.uuid, sql.decimal and arrays.`,
  );
}

function checkElement(element: unknown, index: number): void {
  if (element instanceof SqlTyped)
    throw new TenantryError('INVALID_REQUEST', `Value ${index + 1} of a statement is a list with typed values; a list holds their texts.`);
  checkValue(element, index);
}
