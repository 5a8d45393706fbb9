import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

/** Which server process to interrupt, and where it is reached. */
export interface CancelTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: ConnectionOptions | false;
  /** TLS begins at once, without asking for it. */
  readonly direct?: boolean;
  readonly processId: number;
  readonly secretKey: number;
}

const cancelCode = 80877102;
const tlsCode = 80877103;

/**
 * Asks the server, on a connection of its own, to interrupt what a process runs. Resolves once that connection has ended: only
 * then can the interruption no longer hit what the process runs next. Rejects where the request could not be made.
 */
export function requestCancel(target: CancelTarget, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: target.host, port: target.port, noDelay: true });
    const fail = (error: unknown): void => {
      socket.destroy();
      reject(error instanceof Error ? error : new Error('The cancel request failed.'));
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', fail);
    socket.once('close', () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    socket.once('connect', () => {
      if (target.tls === false) socket.end(cancelMessage(target));
      else if (target.direct) handshake(socket, target, { ...target.tls, ALPNProtocols: ['postgresql'] }, fail);
      else encrypt(socket, target, target.tls, fail);
    });
    socket.resume();
  });
}

/**
 * The server answers a request for TLS with one byte, `S` or `N`; the key of a session goes over an open line only where the session does.
 */
function encrypt(socket: Socket, target: CancelTarget, options: ConnectionOptions, fail: (error: unknown) => void): void {
  const request = Buffer.alloc(8);
  request.writeInt32BE(8, 0);
  request.writeInt32BE(tlsCode, 4);
  socket.pause();
  socket.once('data', (answer) => {
    if (answer.toString('latin1') !== 'S') {
      fail(new Error('The server does not speak TLS.'));
      return;
    }
    handshake(socket, target, options, fail);
  });
  socket.write(request);
  socket.resume();
}

function handshake(socket: Socket, target: CancelTarget, options: ConnectionOptions, fail: (error: unknown) => void): void {
  // A name to indicate is no number (RFC 6066, section 3); the certificate is held against `host` then.
  const name = isIP(target.host) === 0 ? { servername: target.host } : {};
  const secure = connectTls({ ...options, socket, host: target.host, ...name });
  secure.once('error', fail);
  secure.once('secureConnect', () => secure.end(cancelMessage(target)));
  secure.resume();
}

function cancelMessage({ processId, secretKey }: CancelTarget): Buffer {
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(cancelCode, 4);
  message.writeInt32BE(processId, 8);
  message.writeInt32BE(secretKey, 12);
  return message;
}
