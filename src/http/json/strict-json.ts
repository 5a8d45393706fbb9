/** Nesting that a document may have; deeper ones exhaust the stacks of what reads them later. */
const maximumDepth = 64;

/** What a text says, or why it is refused: a JSON pointer and a sentence that repeats none of its values. */
export type StrictJson = { readonly value: unknown } | { readonly pointer: string; readonly problem: string };

/**
 * Parses JSON and refuses what parsers disagree about: a name twice in one object (RFC 8259, section 4), numbers that
 * would be changed (integers beyond 2^53, section 6), and nesting deeper than 64. `__proto__` becomes a plain member.
 */
export function parseStrictJson(text: string): StrictJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const place = cause instanceof Error ? /position \d+/.exec(cause.message)?.[0] : undefined; // the rest of it repeats the text
    return { pointer: '', problem: `is not JSON${place === undefined ? '' : ` (at ${place})`}` };
  }
  const refused = findDisputed(text);
  return refused ?? { value };
}

interface Frame {
  /** Names seen so far; undefined in an array. */
  readonly names: Set<string> | undefined;
  /** Name or index of the member at hand. */
  member: string | number;
  /** In an object: the next string is a name. */
  nameFollows: boolean;
}

/** Plain characters are taken in one run: an alternation for each would need the regular expression's stack for each. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]|-?\d[\d.eE+-]*/g;

/** Walks a text that is known to be JSON. */
function findDisputed(text: string): { pointer: string; problem: string } | undefined {
  const frames: Frame[] = [];
  for (const [symbol] of text.matchAll(token)) {
    const frame = frames.at(-1);
    switch (symbol) {
      case '{':
      case '[':
        if (frames.length === maximumDepth) return { pointer: pointerTo(frames), problem: `is nested deeper than ${maximumDepth} levels` };
        frames.push(
          symbol === '{' ? { names: new Set(), member: '', nameFollows: true } : { names: undefined, member: 0, nameFollows: false },
        );
        break;
      case '}':
      case ']':
        frames.pop();
        break;
      case ',':
        if (frame?.names !== undefined) frame.nameFollows = true;
        else if (typeof frame?.member === 'number') frame.member += 1;
        break;
      default:
        if (!symbol.startsWith('"')) {
          if (isHeld(symbol)) break;
          return { pointer: pointerTo(frames), problem: 'is a number that JSON readers would change; such numbers are sent as strings' };
        }
        if (frame?.names === undefined || !frame.nameFollows) break;
        frame.nameFollows = false;
        frame.member = JSON.parse(symbol) as string;
        if (frame.names.has(frame.member)) return { pointer: pointerTo(frames), problem: 'is named twice in one object' };
        frame.names.add(frame.member);
    }
  }
  return undefined;
}

/** Whether a reader that keeps doubles writes the same number again. */
function isHeld(number: string): boolean {
  const value = Number(number);
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return Number.isFinite(value);
  return /[.eE]/.test(number) || String(value) === number;
}

function pointerTo(frames: readonly Frame[]): string {
  return frames.map(({ member }) => `/${escapePointer(String(member))}`).join('');
}

/** One step of a JSON pointer (RFC 6901, section 3). */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
