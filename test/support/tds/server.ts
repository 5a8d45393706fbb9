import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { ServerConnection, type ServerSide } from './connection.ts';
import { Recording } from './recording.ts';
import type { TdsScript } from './script.ts';

/** A certificate and its key, and where TLS begins: at once (TDS 8, `strict`), or within PRELOGIN. */
export interface TdsTls {
  readonly begins: 'at once' | 'in prelogin';
  readonly certificate: string | Buffer;
  readonly key: string | Buffer;
}

/** How a server is reached. */
export interface TdsServerOptions {
  readonly tls?: TdsTls;
  /** Asks for logins by Entra ID: whom clients get their tokens from, and for what. */
  readonly fedAuth?: NonNullable<ServerSide['fedAuth']>;
}

/** A server that speaks TDS 7.4 and does what its script says; on 127.0.0.1. */
export interface TdsServer {
  readonly host: string;
  readonly port: number;
  readonly recording: Recording;
  /** How many connections are open. */
  readonly connections: number;
  /** Cuts all connections. Rejects with what the script threw. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a server on a free port. */
export async function startTdsServer(script: TdsScript, options: TdsServerOptions = {}): Promise<TdsServer> {
  const server = new ScriptedServer(script, options);
  await server.listen();
  return server;
}

class ScriptedServer implements TdsServer {
  readonly host = '127.0.0.1';
  readonly recording = new Recording();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #failures: unknown[] = [];
  #accepted = 0;

  constructor(script: TdsScript, { tls, fedAuth }: TdsServerOptions) {
    const context = tls === undefined ? undefined : createSecureContext({ cert: tls.certificate, key: tls.key });
    const side: ServerSide = {
      script,
      recording: this.recording,
      secureContext: tls?.begins === 'in prelogin' ? context : undefined,
      fedAuth,
      failed: (error) => this.#failures.push(error),
    };
    const strict = tls?.begins === 'at once' ? context : undefined;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket, side, strict));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.host);
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    if (this.#server.listening) {
      const closed = once(this.#server, 'close');
      this.#server.close();
      for (const socket of this.#sockets) socket.destroy();
      await closed;
    }
    if (this.#failures.length > 0) throw new AggregateError(this.#failures.splice(0), 'The script failed.');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(socket: Socket, side: ServerSide, strict: SecureContext | undefined): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#accepted += 1;
    const id = this.#accepted;
    if (strict === undefined) {
      ServerConnection.serve(id, socket, socket, side);
      return;
    }
    const secured = new TLSSocket(socket, { isServer: true, secureContext: strict, ALPNProtocols: ['tds/8.0'] });
    secured.once('secure', () => side.recording.add({ kind: 'secure', connection: id }));
    ServerConnection.serve(id, socket, secured, side);
  }
}
