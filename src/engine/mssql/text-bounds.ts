/** Most units of a key; no key has more bytes of UTF-8, and each unit takes one at least. */
const longest = 128;
const space = 0x20;
const firstSurrogate = 0xd800;
const firstAboveSurrogates = 0xe000;

/**
 * A text that a column in a binary collation of UTF-16 is not less than, wherever it is not less than `low` by its code points,
 * as keys are ordered. The server has U+E000 to U+FFFF behind the surrogates of what is above them, and compares what is shorter
 * as if spaces followed.
 */
export function atLeast(low: string): string {
  return before(low, (unit) => unit >= firstAboveSurrogates).padEnd(longest, '\u0001');
}

/** The same for what is less than `high` by its code points: a text that the column is not greater than. */
export function atMost(high: string): string {
  const common = before(high, (unit) => unit < space || (unit >= firstSurrogate && unit < firstAboveSurrogates));
  return common.length === high.length ? high : common.padEnd(longest, '\uffff');
}

function before(text: string, stops: (unit: number) => boolean): string {
  for (let index = 0; index < text.length; index += 1) if (stops(text.charCodeAt(index))) return text.slice(0, index);
  return text;
}
