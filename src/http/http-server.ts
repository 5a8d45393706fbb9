import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Logger } from 'pino';
import type { KeyType } from '../../shardmap/key.ts';
import type { ContextSetting, IssuerSettings } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import { TenantryError } from '../core/errors.ts';
import type { Router } from '../router/router.ts';
import { createApp } from './app.ts';
import { Authenticator } from './auth/authenticator.ts';
import { TokenVerifier } from './auth/token-verifier.ts';
import { answerClientError } from './client-error.ts';
import { Lifecycle } from './lifecycle.ts';
import { errorFields } from './observe/error-fields.ts';
import type { Metrics } from './observe/metrics.ts';
import { createOpsApp } from './ops-app.ts';
import { problemAnswer } from './problem.ts';
import type { ServedProcedure } from './procedures/served-procedure.ts';
import { InvalidRequest } from './request-problem.ts';
import type { CursorKeys } from './tables/cursor.ts';
import type { Table } from './tables/table.ts';
import { traceIdOf } from './trace-id.ts';

/** Longer than a load balancer keeps an idle connection (60 s is usual), so that it never sends into a closing one. */
const keepAliveTimeoutMs = 65_000;
/** Time for a request's head, and for all of it: a client that trickles does not hold a socket for ever. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 60_000;
/** Pause between looks for connections that have become idle, while stopping. */
const sweepMs = 50;

/** What the service is made of. */
export interface HttpServerOptions {
  readonly router: Pick<Router, 'query'>;
  readonly keyType: KeyType;
  readonly issuers: readonly IssuerSettings[];
  /** What tokens bring besides the tenant; default: nothing. */
  readonly context?: readonly ContextSetting[];
  /** As `loadTables` gives them. */
  readonly tables: ReadonlyMap<string, Table>;
  /** As `joinProcedures` gives them; default: none. */
  readonly procedures?: ReadonlyMap<string, ServedProcedure>;
  readonly cursorKeys: CursorKeys;
  readonly limits: { readonly bodyBytes: number; readonly drainMs: number };
  /** Where to listen; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number; readonly opsHost: string; readonly opsPort: number };
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Milliseconds since 1970: what tokens' times are compared with. */
  readonly currentTimeMs: () => number;
}

/** The data API and the port of those who run it. */
export interface HttpServer {
  /** Listens on both ports; where one cannot be listened on, on neither, and rejects with INVALID_CONFIGURATION. */
  listen(): Promise<{ readonly api: AddressInfo; readonly ops: AddressInfo }>;
  /**
   * Is not ready any more, takes no more connections, and waits for the requests that run; after `limits.drainMs` it
   * cuts those that are left, whose statements are cancelled on the server. Returns how many were cut.
   */
  stop(): Promise<{ readonly cut: number }>;
}

/** Builds the service; nothing is opened before `listen`. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { logger, metrics, clock, limits, listen, currentTimeMs } = options;
  const lifecycle = new Lifecycle();
  const verifier = new TokenVerifier({
    ...options,
    onKeysUnavailable: (issuer, cause) => {
      metrics.keysUnavailable();
      logger.error({ issuer, error: errorFields(cause) }, 'key set unavailable');
    },
  });
  const authenticator = new Authenticator({ verifier, currentTimeMs });
  const app = createApp(
    { authenticator, lifecycle, logger, metrics, clock },
    { ...options, procedures: options.procedures ?? new Map(), bodyBytes: limits.bodyBytes },
  );
  const opsApp = createOpsApp(lifecycle, metrics);

  const settings = { keepAliveTimeout: keepAliveTimeoutMs, headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs };
  const answerApi = getRequestListener(app.fetch, { errorHandler: unreadable });
  const answerOps = getRequestListener(opsApp.fetch);
  const api = createServer(settings, (incoming, outgoing) => void answerApi(incoming, outgoing));
  const ops = createServer(settings, (incoming, outgoing) => void answerOps(incoming, outgoing));
  api.on('clientError', answerClientError);
  let stopped: Promise<{ cut: number }> | undefined;

  return {
    listen: async () => {
      try {
        const addresses = {
          api: await start(api, 'http.port', listen.host, listen.port),
          ops: await start(ops, 'http.opsPort', listen.opsHost, listen.opsPort),
        };
        lifecycle.ready();
        return addresses;
      } catch (error) {
        // The one port that was to be had would keep the process alive.
        api.closeAllConnections();
        await Promise.all([closed(api), closed(ops)]);
        throw error;
      }
    },
    stop: () => {
      stopped ??= drain(api, lifecycle, clock, limits.drainMs).then(async (cut) => {
        ops.closeAllConnections();
        await closed(ops);
        return { cut };
      });
      return stopped;
    },
  };
}

/** What keeps a server from listening, by the operating system's word for it. */
const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use already: choose another, or end what listens there',
  EACCES: 'may not be listened on by this user: choose a port from 1024 on',
  EADDRNOTAVAIL: 'is no address of this machine',
  ENOTFOUND: 'is no address of this machine',
};

async function start(server: Server, setting: string, host: string, port: number): Promise<AddressInfo> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const detail = `${setting}: ${host}:${port} ${listenProblems[code] ?? `cannot be listened on (${code})`}.`;
    throw new TenantryError('INVALID_CONFIGURATION', detail, { cause: error });
  }
  return server.address() as AddressInfo;
}

async function drain(server: Server, lifecycle: Lifecycle, clock: Clock, withinMs: number): Promise<number> {
  let cut = 0;
  const stopTimer = clock.after(withinMs, () => {
    cut = lifecycle.inFlight;
    server.closeAllConnections();
  });
  // A connection whose last answer was begun before the stop becomes idle in its own time.
  let stopSweep = (): void => undefined;
  const sweep = (): void => {
    server.closeIdleConnections();
    stopSweep = clock.after(sweepMs, sweep);
  };
  lifecycle.stopping();
  const end = closed(server);
  sweep();
  await end;
  stopSweep();
  stopTimer();
  return cut;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** The adapter could not make a request of it: no or a malformed Host, or a malformed target. */
function unreadable(): Response {
  const error = new InvalidRequest([{ in: 'header', pointer: '/host', detail: 'or the target of the request is malformed' }]);
  const { status, headers, text } = problemAnswer(error, { traceId: traceIdOf(null), hasCredentials: false });
  return new Response(text, { status, headers });
}
