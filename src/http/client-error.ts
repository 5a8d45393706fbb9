import type { Socket } from 'node:net';
import { TenantryError } from '../core/errors.ts';
import { problemAnswer } from './problem.ts';
import { InvalidRequest } from './request-problem.ts';
import { traceIdOf } from './trace-id.ts';

/** How long a client may go on sending after it was refused, so that it reads the answer and no reset. */
const lingerMs = 1_000;

/**
 * Answers what Node's parser refuses before there is a request: 401 for a head that is too large (its credentials cannot
 * be read), 400 for what is not HTTP. For `server.on('clientError')`.
 */
export function answerClientError(cause: Error & { readonly code?: string }, socket: Socket): void {
  if (socket.writableEnded) return; // answered already: what the client still sends is read and dropped, or it would see a reset
  if (!socket.writable || cause.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const isTooLarge = cause.code === 'HPE_HEADER_OVERFLOW';
  const error = isTooLarge
    ? new TenantryError('UNAUTHENTICATED', 'The head of the request is larger than 16 KiB.')
    : new InvalidRequest([{ in: 'header', pointer: '', detail: 'is not HTTP/1.1' }]);
  const { status, headers, text } = problemAnswer(error, { traceId: traceIdOf(null), hasCredentials: isTooLarge });
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(text)), connection: 'close' });
  socket.end(
    `HTTP/1.1 ${status} ${isTooLarge ? 'Unauthorized' : 'Bad Request'}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`,
  );
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
