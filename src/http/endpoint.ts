import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { Caller } from './auth/caller.ts';
import type { Lifecycle } from './lifecycle.ts';
import { errorFields } from './observe/error-fields.ts';
import type { Metrics } from './observe/metrics.ts';
import { problemAnswer, problemCode, type PlainAnswer } from './problem.ts';
import { rawHeader } from './raw-header.ts';
import { traceIdOf } from './trace-id.ts';

/** Hono's context behind the Node adapter. */
export type HttpContext = Context<{ Bindings: HttpBindings }>;

/** A request whose caller is known. */
export interface Exchange {
  readonly context: HttpContext;
  readonly caller: Caller;
}

/** What every endpoint needs. */
export interface EndpointServices {
  readonly authenticator: Authenticator;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** Makes Hono handlers: one function, not a chain of middleware, which would cost the hot path a promise for each link. */
export type EndpointFactory = (
  route: string,
  work: (exchange: Exchange) => PlainAnswer | Promise<PlainAnswer>,
) => (context: HttpContext) => Promise<Response>;

/**
 * Endpoints that authenticate the caller before anything else, turn whatever is thrown into a problem document, and log
 * and count every request.
 */
export function endpointFactory({ authenticator, lifecycle, logger, metrics, clock }: EndpointServices): EndpointFactory {
  return (route, work) => async (context) => {
    const startedAt = clock.now();
    const { rawHeaders } = context.env.incoming;
    const traceId = traceIdOf(rawHeader(rawHeaders, 'traceparent'));
    const authorization = rawHeader(rawHeaders, 'authorization');
    let caller: Caller | undefined;
    let answer: PlainAnswer;
    let failure: unknown;
    lifecycle.requestStarted();
    try {
      const known = authenticator.authenticate(authorization);
      caller = known instanceof Promise ? await known : known;
      answer = await work({ context, caller });
    } catch (error) {
      failure = error;
      answer = problemAnswer(error, { traceId, hasCredentials: authorization !== null });
    } finally {
      lifecycle.requestEnded();
    }
    const durationMs = clock.now() - startedAt;
    const { method } = context.req.raw;
    metrics.requestEnded(route, method, answer.status, durationMs);
    const line = {
      traceId,
      route,
      method,
      status: answer.status,
      durationMs: Math.round(durationMs * 100) / 100,
      tenant: caller?.tenant.text,
    };
    if (failure === undefined) logger.info(line, 'request');
    else logger[levelOf(answer.status)]({ ...line, code: problemCode(failure), error: errorFields(failure) }, 'request');
    return toResponse(answer, lifecycle.isStopping);
  };
}

/** An endpoint that answers everybody the same, logged and counted like the others. */
export function openEndpoint(
  { lifecycle, logger, metrics }: EndpointServices,
  route: string,
  answer: PlainAnswer,
): (context: HttpContext) => Response {
  return (context) => {
    const { method } = context.req.raw;
    const traceId = traceIdOf(rawHeader(context.env.incoming.rawHeaders, 'traceparent'));
    metrics.requestEnded(route, method, answer.status, 0);
    logger.info({ traceId, route, method, status: answer.status, durationMs: 0 }, 'request');
    return toResponse(answer, lifecycle.isStopping);
  };
}

/** A plain header object lets the adapter write the head without building a Headers. */
export function toResponse({ status, headers, text }: PlainAnswer, isLast: boolean): Response {
  return new Response(text === '' ? null : text, { status, headers: isLast ? { ...headers, connection: 'close' } : headers });
}

function levelOf(status: number): 'info' | 'warn' | 'error' {
  if (status < 500) return 'info';
  return status === 500 ? 'error' : 'warn';
}
