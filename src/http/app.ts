import { METHODS } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { TenantryError } from '../core/errors.ts';
import { endpointFactory, openEndpoint, toResponse, type EndpointServices, type Exchange, type HttpContext } from './endpoint.ts';
import { errorFields } from './observe/error-fields.ts';
import { openapiDocument } from './openapi/document.ts';
import { problemAnswer, type PlainAnswer } from './problem.ts';
import { jsonAnswer } from './routes/json-answer.ts';
import { procedureRoutes, type ProcedureRoutesOptions } from './routes/procedure-routes.ts';
import { tableRoutes, type TableRoutesOptions } from './routes/table-routes.ts';
import { rawHeader } from './raw-header.ts';
import { traceIdOf } from './trace-id.ts';

/** The data API, for a server's request listener. */
export type App = Hono<{ Bindings: HttpBindings }>;

type Handler = (context: HttpContext) => Response | Promise<Response>;

function describeCaller({ caller }: Exchange): PlainAnswer {
  return jsonAnswer({ tenant: caller.tenant.text, subject: caller.subject ?? null, issuer: caller.issuer });
}

/** A handler for all methods beside those of a path would be a second one for each, which Hono calls through a chain of promises. */
function methodsBut(...known: readonly string[]): string[] {
  return METHODS.filter((method) => method !== 'HEAD' && !known.includes(method));
}

/** The data API over a router: everything under `/v1` but its own description needs a token. */
export function createApp(services: EndpointServices, options: TableRoutesOptions & ProcedureRoutesOptions): App {
  const app: App = new Hono();
  const endpoint = endpointFactory(services);
  const rows = tableRoutes(options);
  const procedures = procedureRoutes(options);

  const list = endpoint('list', rows.list);
  const me = endpoint('me', describeCaller);
  const description = jsonAnswer(openapiDocument(options.tables.values(), options.procedures.values()));
  const openapi = openEndpoint(services, 'openapi', description);

  // Paths of their own for these beside /v1/:table would take Hono's fast router away from every route.
  const own = new Map<string, Handler>([
    ['me', me],
    ['openapi.json', openapi],
  ]);
  app.get('/v1/:table', (context) => (own.get(context.req.param('table')) ?? list)(context));
  app.post('/v1/:table', endpoint('insert', rows.insert));
  app.on(methodsBut('GET', 'POST'), '/v1/:table', endpoint('list', rows.refuse));
  // What stands behind the name of a table is a row's key, and behind this one, which no table has, a procedure's name: a path
  // /v1/procedures/:name would take the fast router away as well.
  const behind = (ofTable: Handler, ofProcedures: Handler): Handler => {
    return (context) => (context.req.param('table') === 'procedures' ? ofProcedures : ofTable)(context);
  };
  const otherMethod = endpoint('call', procedures.refuse);
  const refuseOfRow = endpoint('find', rows.refuse);
  app.get('/v1/:table/:key', behind(endpoint('find', rows.find), otherMethod));
  app.post('/v1/:table/:key', behind(refuseOfRow, endpoint('call', procedures.call)));
  app.patch('/v1/:table/:key', behind(endpoint('update', rows.update), otherMethod));
  app.delete('/v1/:table/:key', behind(endpoint('remove', rows.remove), otherMethod));
  app.on(methodsBut('GET', 'POST', 'PATCH', 'DELETE'), '/v1/:table/:key', behind(refuseOfRow, otherMethod));

  const refuse = (context: HttpContext, error: unknown): Response => {
    const { rawHeaders } = context.env.incoming;
    const traceId = traceIdOf(rawHeader(rawHeaders, 'traceparent'));
    const answer = problemAnswer(error, { traceId, hasCredentials: rawHeader(rawHeaders, 'authorization') !== null });
    if (answer.status >= 500) services.logger.error({ traceId, error: errorFields(error) }, 'request');
    return toResponse(answer, services.lifecycle.isStopping);
  };
  app.notFound((context) => refuse(context, new TenantryError('NOT_FOUND')));
  app.onError((error, context) => refuse(context, error));
  return app;
}
