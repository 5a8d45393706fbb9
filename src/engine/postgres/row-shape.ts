import pg from 'pg';
import type { Row } from '../../core/session.ts';

type TextParser = (text: string) => unknown;

interface Column {
  readonly name: string;
  readonly parse: TextParser;
}

const noColumns: readonly Column[] = [];

/** The columns of a statement's answer, and how its rows are read: every value by pg's own parser for its type. */
export class RowShape {
  static readonly empty = new RowShape(noColumns);
  readonly #columns: readonly Column[];
  /** Every column as null, in order: copying it is the fastest way to a row whose keys are always in the same order. */
  readonly #blank: Row;

  private constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#blank = Object.fromEntries(columns.map(({ name }) => [name, null]));
  }

  /** From the body of a RowDescription message. */
  static from(buffer: Buffer, start: number): RowShape {
    const columns: Column[] = [];
    let offset = start + 2;
    for (let left = buffer.readInt16BE(start); left > 0; left -= 1) {
      const end = buffer.indexOf(0, offset);
      const name = buffer.toString('utf8', offset, end);
      columns.push({ name, parse: textParser(buffer.readUInt32BE(end + 7)) });
      offset = end + 19;
    }
    return new RowShape(columns);
  }

  /** The row in the body of a DataRow message. */
  read(buffer: Buffer, start: number): Row {
    const row = { ...this.#blank };
    let offset = start + 2;
    for (const { name, parse } of this.#columns) {
      const size = buffer.readInt32BE(offset);
      offset += 4;
      if (size < 0) continue;
      row[name] = parse(buffer.toString('utf8', offset, offset + size));
      offset += size;
    }
    return row;
  }
}

/** pg's types know only the built-in ids; any number is allowed, and unknown ones are read as text. */
function textParser(typeId: number): TextParser {
  const getTypeParser = pg.types.getTypeParser as (id: number, format: 'text') => TextParser;
  return getTypeParser(typeId, 'text');
}
