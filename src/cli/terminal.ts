import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';

/** Where a command reads and writes; injected, so that tests see both. */
export interface Terminal {
  /** Data, and nothing else. */
  readonly out: Writable & { readonly isTTY?: boolean };
  /** Everything that is said besides. */
  readonly err: Writable & { readonly isTTY?: boolean };
  /** Whether data may be coloured and drawn as a table. */
  readonly styled: boolean;
  /** Asks a person, on the side of `err`; undefined where nobody sits there. */
  readonly ask?: (question: string) => Promise<string>;
}

interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

/** The terminal of a process. `NO_COLOR` in the environment takes colours away. */
export function processTerminal({ stdin, stdout, stderr }: Streams, environment: { readonly NO_COLOR?: string | undefined }): Terminal {
  const streams = { out: stdout, err: stderr, styled: stdout.isTTY === true && !environment.NO_COLOR };
  if (stdin.isTTY !== true || stderr.isTTY !== true) return streams;
  const ask = async (question: string): Promise<string> => {
    const reader = createInterface({ input: stdin, output: stderr });
    try {
      return (await reader.question(question)).trim();
    } finally {
      reader.close();
    }
  };
  return { ...streams, ask };
}
