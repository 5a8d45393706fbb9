import { styleText } from 'node:util';
import Table from 'cli-table3';
import { TenantryError } from '../core/errors.ts';
import type { Terminal } from './terminal.ts';

/** Colours that mean something: good, bad, doubtful, less important, a heading. */
export type Tone = 'good' | 'bad' | 'doubtful' | 'quiet' | 'heading';

const tones = { good: 'green', bad: 'red', doubtful: 'yellow', quiet: 'dim', heading: 'bold' } as const;

const sides = ['top', 'bottom', 'left', 'right', 'mid'];
const borderless: Record<string, string> = {
  ...Object.fromEntries(sides.flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((part) => [part, '']))),
  middle: '  ',
};

/** A row of a list: JSON gives it as it is, a table its texts. */
export type ListRow = Readonly<Record<string, unknown>>;

/** What a command says: its data on one stream, in JSON or for people; remarks on the other. */
export class Output {
  readonly #terminal: Terminal;
  readonly #json: boolean;

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
  }

  /** One thing: `value` as JSON, or its text for people. */
  result(value: unknown, text: string): void {
    this.#terminal.out.write(this.#json ? `${JSON.stringify(value, null, 2)}\n` : `${text}\n`);
  }

  /** A list: JSON objects, or one line each under the names of the columns. */
  list(rows: readonly ListRow[], columns: readonly string[], empty: string): void {
    if (this.#json) return this.result(rows, '');
    if (rows.length === 0) return this.note(empty);
    this.#terminal.out.write(`${this.#table(rows, columns)}\n`);
  }

  /** A remark; not data. */
  note(text: string): void {
    this.#terminal.err.write(`${text}\n`);
  }

  /** A text in a colour, on a terminal. */
  tone(tone: Tone, text: string): string {
    return this.#terminal.styled && !this.#json ? styleText(tones[tone], text, { validateStream: false }) : text;
  }

  #table(rows: readonly ListRow[], columns: readonly string[]): string {
    const cells = rows.map((row) => columns.map((column) => cellText(row[column])));
    if (!this.#terminal.styled) return [columns, ...cells].map((line) => line.join('\t')).join('\n');
    const table = new Table({
      head: columns.map((column) => this.tone('heading', column)),
      chars: borderless,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    });
    table.push(...cells);
    return table.toString();
  }
}

/** What a failed command says: for people or as JSON; an error that is not Tenantry's own without its message. */
export function describeFailure(error: unknown, json: boolean): string {
  const { code, message, retryable } = asTenantryError(error);
  return json ? JSON.stringify({ error: { code, message, retryable } }) : `error: ${message} [${code}]`;
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
  return typeof value === 'string' ? value : JSON.stringify(value);
}
