import type { Column } from './column.ts';
import { isStorableText } from './storable.ts';
import { asText, stringCodec, type ColumnCodec } from './codec.ts';
import { isUuid } from '../../core/uuid.ts';

/** Text of a bounded length, or one of a list. */
export function textCodec({ maximumLength, allowed }: Column): ColumnCodec {
  if (allowed !== null)
    return stringCodec(`one of ${allowed.join(', ')}`, (text) => (allowed.includes(text) ? text : undefined), { enum: allowed });
  const bound = maximumLength === null ? '' : ` of at most ${maximumLength} characters`;
  const fits = (text: string): boolean =>
    maximumLength === null || text.length <= maximumLength || Array.from(text).length <= maximumLength;
  return stringCodec(
    `a string${bound}, without NUL and lone surrogates`,
    (text) => (isStorableText(text) && fits(text) ? text : undefined),
    maximumLength === null ? {} : { maxLength: maximumLength },
  );
}

/** UUIDs, in lower case. */
export const uuidCodec: ColumnCodec = {
  ...stringCodec('a UUID of hexadecimal digits grouped 8-4-4-4-12', (text) => (isUuid(text) ? text.toLowerCase() : undefined), {
    format: 'uuid',
  }),
  toJson: (value) => asText(value).toLowerCase(),
};

/** Bytes, as base64. */
export const bytesCodec: ColumnCodec = {
  ...stringCodec('base64 with its padding', bytesFromBase64, { contentEncoding: 'base64' }),
  toJson: (value) => {
    if (!(value instanceof Uint8Array)) throw new TypeError('The database gave no bytes for a column of bytes.');
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  },
};

/** Buffer.from skips what is not base64: only a text that comes out the same was base64. */
function bytesFromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
