import { isDeepStrictEqual, styleText } from 'node:util';

/** Thrown where the story does not go as it is told. */
class NotAsTold extends Error {
  override readonly name = 'NotAsTold';
}

/** Tells a story on a terminal and checks every sentence of it. */
export class Narrator {
  readonly #styled: boolean;
  readonly #write: (text: string) => void;
  #chapters = 0;
  #checked = 0;

  constructor(write: (text: string) => void, styled: boolean) {
    this.#write = write;
    this.#styled = styled;
  }

  /** How many statements were checked. */
  get checked(): number {
    return this.#checked;
  }

  chapter(title: string): void {
    this.#chapters += 1;
    this.#line(`\n${this.#style('bold', `${this.#chapters}. ${title}`)}`);
  }

  say(text: string): void {
    this.#line(`   ${text}`);
  }

  /** What is typed or sent. */
  code(text: string): void {
    this.#line(`     ${this.#style('cyan', text)}`);
  }

  /** What comes back. */
  answer(lines: readonly string[]): void {
    for (const line of lines) this.#line(`     ${this.#style('dim', line)}`);
  }

  /** A statement that must be so: tells it, or throws `NotAsTold`. */
  check(statement: string, actual: unknown, expected: unknown): void {
    if (!isDeepStrictEqual(actual, expected))
      throw new NotAsTold(`${statement}\n  told:  ${JSON.stringify(expected)}\n  is:    ${JSON.stringify(actual)}`);
    this.#checked += 1;
    this.#line(`   ${this.#style('green', '✓')} ${statement}`);
  }

  #line(text: string): void {
    this.#write(`${text}\n`);
  }

  #style(format: 'bold' | 'cyan' | 'dim' | 'green', text: string): string {
    return this.#styled ? styleText(format, text, { validateStream: false }) : text;
  }
}

/** Tells a story to the process's terminal, and ends the process with 1 where it is not as told. */
export async function tell(story: (narrator: Narrator) => Promise<void>): Promise<void> {
  const narrator = new Narrator((text) => process.stdout.write(text), process.stdout.isTTY && !process.env['NO_COLOR']);
  try {
    await story(narrator);
  } catch (error) {
    if (!(error instanceof NotAsTold)) throw error;
    process.stderr.write(`\nNot as told: ${error.message}\n`);
    process.exitCode = 1;
  }
}
