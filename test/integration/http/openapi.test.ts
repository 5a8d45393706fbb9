import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proceduresSchema } from '../../../src/config/procedures-schema.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { createHttpShard, httpTables, type HttpShard } from '../../support/http-shard.ts';
import { startHttpService, type HttpService } from '../../support/http-service.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';
import { TestIssuer } from '../../support/test-issuer.ts';

interface MediaTypes {
  readonly [mediaType: string]: { readonly schema: object };
}
interface Operation {
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: MediaTypes }>>;
  readonly requestBody?: { readonly content: MediaTypes };
}
interface Document {
  readonly openapi: string;
  readonly security: readonly object[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<
      Record<string, { readonly required?: readonly string[]; readonly properties: Readonly<Record<string, object>> }>
    >;
    readonly responses: Readonly<Record<string, { readonly content: MediaTypes; readonly headers?: Readonly<Record<string, object>> }>>;
  };
}

let postgres: PostgresServer;
let ground: HttpShard;
let issuer: TestIssuer;
let service: HttpService;
let document: Document;
let tokens: Readonly<Record<'right' | 'wrong' | 'unknown tenant', string>>;
const ajv = new Ajv2020({ strict: false, validateFormats: false });

beforeAll(async () => {
  postgres = await startPostgres();
  ground = await createHttpShard(postgres, 'described');
  await ground.shard.admin.query(sqlText('alter table "Lines" add constraint short check (length("Text") < 10)'));
  await ground.shard.admin.query(
    sqlText(`
      create function "AddLine"("Order" text, "Line" integer, "Text" text default 'new') returns void language sql as $$
        insert into "Lines" ("Order", "Line", "Text") values ($1, $2, coalesce($3, 'none')) $$;
      create function "LinesOf"("Order" text) returns table ("Line" integer, "Text" text) language sql stable as $$
        select l."Line", l."Text" from "Lines" l where l."Order" = $1 $$;
      create function "a/b"() returns jsonb language sql as $$ select '[1]'::jsonb $$;
      grant execute on all functions in schema public to tenantry_app`),
  );
  issuer = await new TestIssuer('https://issuer.test').start();
  service = await startHttpService({
    router: ground.router,
    keyType: 'int',
    issuers: [issuer.settings()],
    catalog: ground.shard.admin,
    tableSettings: httpTables,
    procedureSettings: proceduresSchema.parse({
      AddLine: {
        parameters: { Order: 'text', Line: 'int32', Text: { type: 'text', required: false, nullable: true } },
        returns: 'nothing',
      },
      LinesOf: { parameters: { Order: 'text' }, returns: { rows: { Line: 'int32', Text: 'text' } }, readOnly: true },
      'a/b': { returns: 'json' },
    }),
    limits: { bodyBytes: 2_000, drainMs: 1_000 },
  });
  tokens = { right: await issuer.token({ tenant: 1 }), wrong: 'no token', 'unknown tenant': await issuer.token({ tenant: 77 }) };
  const response = await fetch(`${service.url}/v1/openapi.json`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
  document = (await response.json()) as Document;
  ajv.addSchema({ $id: 'document', components: document.components });
});

afterAll(async () => {
  await service.server.stop();
  await issuer.stop();
  await ground.close();
  await postgres.stop();
});

/** Fails unless the document says that this operation may be answered so, and the answer is as it says. */
async function expectDocumented(
  path: string,
  method: string,
  url: string,
  { token = 'right', ...init }: { token?: keyof typeof tokens; body?: string; headers?: Record<string, string> } = {},
): Promise<number> {
  const headers = { authorization: `Bearer ${tokens[token]}`, 'content-type': 'application/json', ...init.headers };
  const response = await fetch(`${service.url}${url}`, { method: method.toUpperCase(), ...init, headers });
  const said = document.paths[path]?.[method]?.responses[response.status];
  expect(said, `${method} ${path} ${response.status}`).toBeDefined();
  const resolved = said?.$ref === undefined ? said : document.components.responses[said.$ref.split('/').at(-1)!];
  const text = await response.text();
  const mediaType = response.headers.get('content-type');
  expect(resolved?.content === undefined ? [] : Object.keys(resolved.content)).toEqual(mediaType === null ? [] : [mediaType]);
  if (mediaType !== null) {
    const isAsSaid = ajv.compile({ $id: `document-${Math.random()}`, ...inDocument(resolved!.content![mediaType]!.schema) });
    expect(isAsSaid(JSON.parse(text)), `${text} ${JSON.stringify(isAsSaid.errors)}`).toBe(true);
  }
  for (const header of Object.keys((resolved as { headers?: object } | undefined)?.headers ?? {}))
    expect(response.headers.has(header)).toBe(true);
  return response.status;
}

/** References of a part are those of the whole document. */
function inDocument(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object;
}

describe('GET /v1/openapi.json', () => {
  it('is a valid OpenAPI 3.1 document, for everybody', async () => {
    expect(document.openapi).toBe('3.1.1');
    expect(await new Validator().validate(JSON.parse(JSON.stringify(document)) as Record<string, unknown>)).toEqual({ valid: true });
  });

  it('describes the configured tables, read-only ones without changes, and rows without a key of their own', () => {
    const methods = Object.fromEntries(Object.entries(document.paths).map(([path, item]) => [path, Object.keys(item)]));
    const whole = ['parameters', 'get', 'patch', 'delete'];
    expect(methods).toEqual({
      '/v1/me': ['get'],
      ...Object.fromEntries(
        ['Blogs', 'Kinds', 'Lines', 'Moments'].flatMap((name) => [
          [`/v1/${name}`, ['get', 'post']],
          [`/v1/${name}/{key}`, whole],
        ]),
      ),
      '/v1/Settings': ['get', 'post'],
      '/v1/Countries': ['get'],
      '/v1/Countries/{key}': ['parameters', 'get'],
      ...Object.fromEntries(['AddLine', 'LinesOf', 'a%2Fb'].map((name) => [`/v1/procedures/${name}`, ['post']])),
    });
    expect(document.security).toEqual([{ bearer: [] }]);
  });

  it('has the live columns with their types, what may be null, and what a new row and a change may hold', () => {
    const { Kinds, 'Lines-new': newLine, 'Lines-change': lineChange, 'Kinds-new': newKind, Lines } = document.components.schemas;
    expect(Lines?.required).toEqual(['Order', 'Line', 'Text']);
    expect(newLine).toMatchObject({ required: ['Order', 'Line'], additionalProperties: false });
    expect(Object.keys(lineChange!.properties)).toEqual(['Text']);
    expect(Object.keys(Kinds!.properties)).not.toContain('TenantId');
    expect(Object.keys(newKind!.properties)).not.toContain('Twice');
    expect(Kinds!.properties).toMatchObject({
      Id: { type: 'integer', minimum: -2_147_483_648, maximum: 2_147_483_647 },
      Big: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      Short: { anyOf: [{ type: 'string', maxLength: 5 }, { type: 'null' }] },
      Mood: { anyOf: [{ enum: ['calm', 'wild'] }, { type: 'null' }] },
      Twice: { readOnly: true },
    });
  });

  it('says that a change may be carried out and leave no row to show, which triggers of SQL Server can do', () => {
    const statuses = (path: string, method: string): string[] => Object.keys(document.paths[path]![method]!.responses);
    for (const [path, method] of [
      ['/v1/Lines', 'post'],
      ['/v1/Lines/{key}', 'patch'],
      ['/v1/Lines/{key}', 'delete'],
    ] as const)
      expect(statuses(path, method)).toContain('204');
    expect(document.paths['/v1/Lines']!['post']!.responses[204]).not.toHaveProperty('content');
  });

  it('says every status that calls are answered with, and the form of what they get', async () => {
    const line = (text: string, number = 1): { body: string } => ({ body: JSON.stringify({ Order: 'a,b', Line: number, Text: text }) });
    const row = '/v1/Lines/{key}';
    const kind = {
      Small: 3,
      Big: '9007199254740993',
      Money: '1.20',
      Single: 0.5,
      Double: 'x',
      Raw: 'AQI=',
      Day: '2026-11-21',
      Moment: '2026-11-21T13:05:21Z',
      Mood: 'calm',
    };
    const seen = [
      await expectDocumented('/v1/me', 'get', '/v1/me'),
      await expectDocumented('/v1/me', 'get', '/v1/me', { token: 'wrong' }),
      await expectDocumented('/v1/Lines', 'post', '/v1/Lines', line('new')),
      await expectDocumented('/v1/Lines', 'post', '/v1/Lines', line('again')),
      await expectDocumented('/v1/Lines', 'post', '/v1/Lines', line('a text that is too long', 2)),
      await expectDocumented('/v1/Lines', 'post', '/v1/Lines', line('x'.repeat(3_000), 2)),
      await expectDocumented('/v1/Lines', 'post', '/v1/Lines', { body: '{' }),
      await expectDocumented('/v1/Lines', 'post', '/v1/Lines', { body: 'a=b', headers: { 'content-type': 'text/plain' } }),
      await expectDocumented('/v1/Lines', 'get', '/v1/Lines?limit=10'),
      await expectDocumented('/v1/Lines', 'get', '/v1/Lines?limit=0'),
      await expectDocumented('/v1/Lines', 'get', '/v1/Lines', { token: 'unknown tenant' }),
      await expectDocumented(row, 'get', '/v1/Lines/a%2Cb,1'),
      await expectDocumented(row, 'get', '/v1/Lines/a%2Cb,2'),
      await expectDocumented(row, 'patch', '/v1/Lines/a%2Cb,1', { body: '{"Text":"changed"}' }),
      await expectDocumented(row, 'patch', '/v1/Lines/a%2Cb,1', { body: '{"Order":"changed"}' }),
      await expectDocumented(row, 'delete', '/v1/Lines/a%2Cb,1'),
      await expectDocumented(row, 'delete', '/v1/Lines/a%2Cb,1'),
      await expectDocumented('/v1/Kinds', 'post', '/v1/Kinds', { body: JSON.stringify(kind) }),
      await expectDocumented('/v1/Kinds', 'post', '/v1/Kinds', { body: JSON.stringify({ ...kind, Double: 1e300 }) }),
      await expectDocumented('/v1/Kinds', 'get', '/v1/Kinds'),
      await expectDocumented('/v1/Countries/{key}', 'get', '/v1/Countries/CH'),
    ];
    expect(seen).toEqual([200, 401, 201, 409, 422, 413, 400, 415, 200, 400, 403, 200, 404, 200, 400, 204, 404, 400, 201, 200, 200]);
  });

  it('says the same of procedures', async () => {
    const [add, of] = ['/v1/procedures/AddLine', '/v1/procedures/LinesOf'];
    const post = (path: string, body?: object, token?: keyof typeof tokens) =>
      expectDocumented(path, 'post', path, {
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(token === undefined ? {} : { token }),
      });
    const line = { Order: 'a', Line: 1 };
    expect([
      await post(add, line),
      await post(add, line),
      await post(add, { ...line, Line: 2, Text: 'a text that is too long' }),
      await post(add, { ...line, Line: 'x' }),
      await post(add, { ...line, Text: 'x'.repeat(3_000) }),
      await post(add, line, 'wrong'),
      await post(add, line, 'unknown tenant'),
      await post(of, { Order: 'a' }),
      await post('/v1/procedures/a%2Fb'),
    ]).toEqual([204, 409, 422, 400, 413, 401, 403, 200, 200]);
    const schema = document.paths[add]?.['post']?.requestBody?.content['application/json']?.schema;
    expect(schema).toMatchObject({ required: ['Order', 'Line'], additionalProperties: false });
    const fits = ajv.compile(inDocument(schema!));
    for (const [index, body] of [{ Line: 1 }, { ...line, Text: null }, { ...line, Text: 1 }, { ...line, TenantId: 1 }].entries())
      expect(fits(body), JSON.stringify(body)).toBe(
        (await post(add, { ...body, ...('Order' in body ? { Order: `b${index}` } : {}) })) === 204,
      );
  });

  it('has schemas of bodies that admit what the service admits, and refuse what it refuses', async () => {
    const schema = document.paths['/v1/Kinds']?.['post']?.requestBody?.content['application/json']?.schema;
    const fits = ajv.compile(inDocument(schema!));
    for (const body of [
      {},
      { Small: 32_768 },
      { Small: null },
      { Big: '1' },
      { Big: '01' },
      { Short: 'sixsix' },
      { Mood: 'tame' },
      { Twice: 2 },
      { TenantId: 1 },
      { Money: '1e3' },
    ]) {
      const { status } = await fetch(`${service.url}/v1/Kinds`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokens.right}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(fits(body), JSON.stringify(body)).toBe(status === 201);
    }
  });
});
