import { partsOfStatement, Sql, type SqlDialect, type SqlPart, type SqlValue } from './sql.ts';

/** What a statement looks like to one engine. */
export interface CompiledSql {
  /** The same string object whenever the same plain template or `SqlShape` is compiled: cheap as a key. */
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/**
 * A statement that runs again and again with other values: its text is compiled once for each dialect. Made from a
 * template whose own values only mark the places.
 */
export class SqlShape {
  readonly #template: readonly SqlPart[];
  readonly #places: number;
  readonly #texts = new Map<SqlDialect, string>();

  constructor(template: Sql) {
    this.#template = template.parts;
    this.#places = this.#template.filter((part) => part.kind === 'value').length;
  }

  /** The statement with its values, one for each place in order. Throws RangeError where their number differs. */
  with(values: readonly SqlValue[]): Sql {
    if (values.length !== this.#places)
      throw new RangeError(`The statement has ${this.#places} places for values; ${values.length} were given.`);
    return new ShapedSql(this, values);
  }

  /** The statement's text; the same string object for the same dialect. */
  text(dialect: SqlDialect): string {
    let text = this.#texts.get(dialect);
    if (text === undefined) this.#texts.set(dialect, (text = render(this.#template, dialect).text));
    return text;
  }

  /** The parts with these values, for a shape that becomes a part of a longer statement. */
  partsWith(values: readonly SqlValue[]): readonly SqlPart[] {
    let place = 0;
    return this.#template.map((part) => (part.kind === 'value' ? { ...part, value: values[place++] ?? null } : part));
  }
}

class ShapedSql extends Sql {
  readonly shape: SqlShape;
  readonly values: readonly SqlValue[];

  constructor(shape: SqlShape, values: readonly SqlValue[]) {
    super([]);
    this.shape = shape;
    this.values = values;
  }

  override get parts(): readonly SqlPart[] {
    return this.shape.partsWith(this.values);
  }
}

/** Texts of plain templates: a memo of a pure function, dropped together with the code that holds the template. */
const plainTexts = new WeakMap<SqlDialect, WeakMap<TemplateStringsArray, string>>();

/** Renders a statement for an engine: text with placeholders, and the values in order. Throws INVALID_REQUEST for anything but a `Sql`. */
export function compileSql(statement: Sql, dialect: SqlDialect): CompiledSql {
  if (statement instanceof ShapedSql) return { text: statement.shape.text(dialect), values: statement.values };
  const plain = statement instanceof Sql ? statement.plain : undefined;
  if (plain === undefined) return render(partsOfStatement(statement), dialect);
  let texts = plainTexts.get(dialect);
  if (texts === undefined) plainTexts.set(dialect, (texts = new WeakMap()));
  let text = texts.get(plain.strings);
  if (text === undefined) texts.set(plain.strings, (text = render(statement.parts, dialect).text));
  return { text, values: plain.values };
}

function render(parts: readonly SqlPart[], dialect: SqlDialect): CompiledSql {
  const values: SqlValue[] = [];
  let text = '';
  for (const part of parts) {
    switch (part.kind) {
      case 'by dialect':
        text += render(part.write(dialect).parts, dialect).text;
        break;
      case 'text':
        text += part.text;
        break;
      case 'name':
        text += part.path.map((identifier) => dialect.quote(identifier)).join('.');
        break;
      case 'value':
        values.push(part.value);
        text +=
          part.storedAs === undefined
            ? dialect.placeholder(values.length)
            : dialect.compared(dialect.placeholder(values.length), part.storedAs);
        break;
    }
  }
  return { text, values };
}
