/** A value that travels as a parameter, never as text of a statement. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | Date | null | readonly SqlValue[];

/** A name of the database: exact case, quoted by the engine, with an optional schema before it. */
interface SqlName {
  readonly kind: 'name';
  readonly path: readonly string[];
}

type SqlPart = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'value'; readonly value: SqlValue } | SqlName;

/** A statement as parts; only `sql` makes one, so a plain string can never be run. */
export class Sql {
  readonly parts: readonly SqlPart[];
  constructor(parts: readonly SqlPart[]) {
    this.parts = parts;
  }
}

/** What a statement looks like to one engine. */
export interface CompiledSql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** How an engine writes names and parameters. */
export interface SqlDialect {
  /** Quotes one identifier. */
  quote(identifier: string): string;
  /** The text of the parameter at a 1-based position. */
  placeholder(position: number): string;
}

/** Builds a statement: interpolated values become parameters, `Sql` and names are spliced in. */
export function sql(strings: TemplateStringsArray, ...values: readonly (SqlValue | Sql)[]): Sql {
  const parts: SqlPart[] = [];
  strings.forEach((text, index) => {
    if (text !== '') parts.push({ kind: 'text', text });
    if (index >= values.length) return;
    const value = values[index] as SqlValue | Sql;
    if (value instanceof Sql) parts.push(...value.parts);
    else parts.push({ kind: 'value', value });
  });
  return new Sql(parts);
}

/** A name, or a schema and a name: `sql.id('Blogs')`, `sql.id('dbo', 'Blogs')`. */
sql.id = (...path: readonly [string, ...string[]]): Sql => new Sql([{ kind: 'name', path }]);

/** Joins fragments with a separator of plain SQL, `, ` by default. */
sql.join = (fragments: readonly Sql[], separator: Sql = sql`, `): Sql =>
  new Sql(fragments.flatMap((fragment, index) => (index === 0 ? fragment.parts : [...separator.parts, ...fragment.parts])));

/** Renders a statement for an engine: text with placeholders, and the values in order. */
export function compileSql(statement: Sql, dialect: SqlDialect): CompiledSql {
  const values: SqlValue[] = [];
  let text = '';
  for (const part of statement.parts) {
    switch (part.kind) {
      case 'text':
        text += part.text;
        break;
      case 'name':
        text += part.path.map((identifier) => dialect.quote(identifier)).join('.');
        break;
      case 'value':
        values.push(part.value);
        text += dialect.placeholder(values.length);
        break;
    }
  }
  return { text, values };
}
