import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { styleText } from 'node:util';
import Table from 'cli-table3';
import { TenantryError } from '../core/errors.ts';
import type { Terminal } from './terminal.ts';
import { visible, visibleLines } from '../core/visible.ts';

/** Colours that mean something: good, bad, doubtful, less important, a heading. */
export type Tone = 'good' | 'bad' | 'doubtful' | 'quiet' | 'heading';

const tones = { good: 'green', bad: 'red', doubtful: 'yellow', quiet: 'dim', heading: 'bold' } as const;

const sides = ['top', 'bottom', 'left', 'right', 'mid'];
const borderless: Record<string, string> = {
  ...Object.fromEntries(sides.flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((part) => [part, '']))),
  middle: '  ',
};

/** Rows of a streamed list that are written together, and that a table on a terminal has. */
const batchRows = 500;

/** Of the form of what `--json` prints: another one where a program that reads it would have to be changed. */
const jsonVersion = 1;

/** A row of a list: JSON gives it as it is, a table its texts. */
export type ListRow = Readonly<Record<string, unknown>>;

/** What a program is told: its members stand beside `version`, which is none of its own. */
type Answer = Readonly<Record<string, unknown>> & { readonly version?: never };

/**
 * What a command says: its data on one stream, in JSON or for people; remarks on the other. People are shown control characters of names,
 * which may be anybody's, and no terminal obeys them.
 */
export class Output {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  /** Stands around what has its tone already; drawn, so that no name can have it. */
  readonly #mark = randomUUID();

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
  }

  /** One thing: `value` as JSON, or its text for people. */
  result(value: Answer, text: string): void {
    this.#terminal.out.write(this.#json ? `${JSON.stringify(versioned(value), null, 2)}\n` : `${this.#shown(text)}\n`);
  }

  /** One line of a result that goes on: for people at once; JSON comes whole, by `whole`. */
  line(text: string): void {
    if (!this.#json) this.#terminal.out.write(`${this.#shown(text)}\n`);
  }

  /** Statements for a database, character for character; on a terminal as people see any text. */
  script(text: string): void {
    this.#terminal.out.write(`${this.#terminal.out.isTTY === true ? this.#shown(text) : text}\n`);
  }

  /** The whole of what `line` told people. */
  whole(value: Answer): void {
    if (this.#json) this.result(value, '');
  }

  /** A list: `items` of JSON, or one line each under the names of the columns. */
  list(rows: readonly ListRow[], columns: readonly string[], empty: string): void {
    if (this.#json) return this.result({ items: rows }, '');
    if (rows.length === 0) return this.note(empty);
    this.#terminal.out.write(this.#lines(rows, columns, true));
  }

  /**
   * A list of any length, written as it comes: `items` of JSON with an object a line, lines with tabs between, or on a
   * terminal a table for each batch.
   */
  async stream(rows: AsyncIterable<ListRow>, columns: readonly string[], empty: string): Promise<void> {
    let written = 0;
    for await (const batch of batchesOf(rows, batchRows)) {
      await this.#write(this.#json ? jsonLines(batch, written === 0) : this.#lines(batch, columns, written === 0));
      written += batch.length;
    }
    if (this.#json) await this.#write(written === 0 ? `${listHead}]}\n` : '\n]}\n');
    else if (written === 0) this.note(empty);
  }

  /** A remark for people; a program reads the data, and of what went wrong one object. */
  note(text: string): void {
    if (!this.#json) this.#terminal.err.write(`${this.#shown(text)}\n`);
  }

  /** A text in a colour, on a terminal: to be said by this output, as part of a text or the whole of it. */
  tone(tone: Tone, text: string): string {
    return this.#terminal.styled && !this.#json ? `${this.#mark}${coloured(tone, text)}${this.#mark}` : text;
  }

  #shown(text: string): string {
    return text
      .split(this.#mark)
      .map((part, index) => (index % 2 === 1 ? part : visibleLines(part)))
      .join('');
  }

  /** Resolves when whoever reads has taken enough to go on. */
  async #write(text: string): Promise<void> {
    const { out } = this.#terminal;
    if (!out.write(text)) await once(out, 'drain');
  }

  #lines(rows: readonly ListRow[], columns: readonly string[], isFirst: boolean): string {
    const cells = rows.map((row) => columns.map((column) => cellText(row[column])));
    if (this.#terminal.styled) return `${this.#table(cells, columns)}\n`;
    return (isFirst ? [columns, ...cells] : cells).map((line) => `${line.join('\t')}\n`).join('');
  }

  #table(cells: string[][], columns: readonly string[]): string {
    const table = new Table({
      head: columns.map((column) => coloured('heading', column)),
      chars: borderless,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    });
    table.push(...cells);
    return table.toString();
  }
}

/**
 * What a failed command says. For people what is particular to the case comes first; the catalogue's general sentence
 * stands only where there is nothing else, its code always. An error that is not Tenantry's own goes without its message.
 */
export function describeFailure(error: unknown, json: boolean): string {
  const { code, reason, message, retryable, retryAfterMs } = asTenantryError(error);
  if (json)
    return JSON.stringify(versioned({ error: { code, message, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } }));
  const [first = '', ...rest] = visibleLines(reason).split('\n');
  const [, sentence, end] = /^(.*?)([.:]?)$/.exec(first) ?? [];
  const lines = [`error: ${sentence} (${code})${end === ':' ? ':' : ''}`, ...rest];
  if (retryable)
    lines.push(`hint: it may succeed when tried again${retryAfterMs === undefined ? '' : `, in ${Math.ceil(retryAfterMs / 1_000)} s`}`);
  return lines.join('\n');
}

async function* batchesOf<T>(rows: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[], void, undefined> {
  let batch: T[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function coloured(tone: Tone, text: string): string {
  return styleText(tones[tone], visibleLines(text), { validateStream: false });
}

function versioned(value: object): object {
  return { version: jsonVersion, ...value };
}

/** Before the items of a list that is written as it comes. */
const listHead = JSON.stringify(versioned({ items: [] })).slice(0, -2);

function jsonLines(rows: readonly ListRow[], isFirst: boolean): string {
  return `${isFirst ? `${listHead}\n` : ',\n'}${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}`;
}

function asTenantryError(error: unknown): TenantryError {
  if (error instanceof TenantryError) return error;
  // Errors of the operating system name a file, a port or an address; others might carry anything.
  if (error instanceof Error && 'syscall' in error) return new TenantryError('INTERNAL', error.message);
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at ')) : [];
  return new TenantryError('INTERNAL', [error instanceof Error ? error.name : typeof error, ...frames].join('\n'));
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return visible(typeof value === 'string' ? value : JSON.stringify(value));
}
