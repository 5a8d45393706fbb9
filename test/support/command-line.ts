import { Writable } from 'node:stream';
import type { ExitCode } from '../../src/cli/command.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import type { Services } from '../../src/cli/services.ts';
import type { Environment } from '../../src/config.ts';

/** What a command line gave. */
export interface CommandResult {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

interface Surroundings {
  readonly environment?: Environment;
  readonly folder: string;
  readonly services: Services;
  /** Given to questions in turn; without, there is no terminal. */
  readonly answers?: readonly string[];
  readonly styled?: boolean;
  /** Of the program. Default: 0.0.0. */
  readonly version?: string;
  /** Ends `serve`. Default: never. */
  readonly stop?: AbortSignal;
  /** Told of data as it is written. */
  readonly onOutput?: (text: string) => void;
}

/** Runs a command line in this process, with its own terminal. */
export async function runCommand(args: readonly string[], surroundings: Surroundings): Promise<CommandResult> {
  const {
    environment = {},
    folder,
    services,
    answers,
    styled = false,
    stop = new AbortController().signal,
    version = '0.0.0',
    onOutput,
  } = surroundings;
  const [out, err] = [new Collector(onOutput), new Collector()];
  const left = [...(answers ?? [])];
  const ask = async (question: string): Promise<string> => {
    err.write(question);
    const answer = left.shift();
    if (answer === undefined) throw new Error(`no answer is left for: ${question}`);
    return answer;
  };
  const terminal = { out, err, styled, ...(answers === undefined ? {} : { ask }) };
  const untilStopped = (): AbortSignal => stop;
  const world = { terminal, environment, folder, services, untilStopped, userName: () => 'ann', version };
  const code = await runCommandLine(world, args);
  return { code, out: out.text, err: err.text };
}

/** The items of what a command printed with `--json`. */
export function itemsOf<Item = object>(out: string): Item[] {
  const { version, items } = JSON.parse(out) as { version: number; items: Item[] };
  if (version !== 1) throw new Error(`not of version 1: ${version}`);
  return items;
}

class Collector extends Writable {
  text = '';
  readonly #onText: (text: string) => void;

  constructor(onText: (text: string) => void = () => undefined) {
    super();
    this.#onText = onText;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    this.#onText(chunk.toString());
    done();
  }
}
