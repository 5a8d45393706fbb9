import type { IncomingMessage } from 'node:http';
import { TenantryError } from '../core/errors.ts';
import { parseStrictJson } from './json/strict-json.ts';
import { InvalidRequest } from './request-problem.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });
const mediaTypeForm = /^\s*([^;\s]+)\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Whether a request brings a body, were it of no bytes that nobody counted. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * The JSON of a request's body. Throws UNSUPPORTED_MEDIA_TYPE unless it says it is one of `mediaTypes` in UTF-8,
 * BODY_TOO_LARGE, INVALID_REQUEST for what is not JSON, CANCELLED where the client hung up.
 */
export async function readJsonBody(incoming: IncomingMessage, maximumBytes: number, mediaTypes: readonly string[]): Promise<unknown> {
  const mediaType = mediaTypeForm.exec(incoming.headers['content-type'] ?? '')?.[1]?.toLowerCase();
  const isPlain = (incoming.headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity';
  if (mediaType === undefined || !mediaTypes.includes(mediaType) || !isPlain) {
    throw new TenantryError('UNSUPPORTED_MEDIA_TYPE', `Send ${mediaTypes.join(' or ')} in UTF-8, not compressed.`);
  }
  const parsed = parseStrictJson(decoded(await readBytes(incoming, maximumBytes)));
  if ('value' in parsed) return parsed.value;
  throw new InvalidRequest([{ in: 'body', pointer: parsed.pointer, detail: parsed.problem }]);
}

async function readBytes(incoming: IncomingMessage, maximumBytes: number): Promise<Buffer> {
  const tooLarge = (): TenantryError => new TenantryError('BODY_TOO_LARGE', `At most ${maximumBytes} bytes are allowed.`);
  if (Number(incoming.headers['content-length'] ?? 0) > maximumBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // The socket must outlive an early end of the loop: the answer is still to be sent on it.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > maximumBytes) throw tooLarge();
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    if (cause instanceof TenantryError) throw cause;
    throw new TenantryError('CANCELLED', 'The body did not arrive whole.', { cause });
  }
  return Buffer.concat(chunks);
}

function decoded(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new InvalidRequest([{ in: 'body', pointer: '', detail: 'is not UTF-8' }]); // the cause says no more
  }
}
