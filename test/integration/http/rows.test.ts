import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { createHttpShard, httpTables, type HttpShard } from '../../support/http-shard.ts';
import { startHttpService, type HttpService } from '../../support/http-service.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';
import { TestIssuer } from '../../support/test-issuer.ts';

let postgres: PostgresServer;
let ground: HttpShard;
let issuer: TestIssuer;
let service: HttpService;
let tokens: Record<'one' | 'two', string>;

beforeAll(async () => {
  postgres = await startPostgres();
  ground = await createHttpShard(postgres, 'rows');
  issuer = await new TestIssuer('https://issuer.test').start();
  service = await startHttpService({
    router: ground.router,
    keyType: 'int',
    issuers: [issuer.settings()],
    catalog: ground.shard.admin,
    tableSettings: httpTables,
  });
  tokens = { one: await issuer.token({ tenant: '1' }), two: await issuer.token({ tenant: 2 }) };
});

afterAll(async () => {
  await service.server.stop();
  await issuer.stop();
  await ground.close();
  await postgres.stop();
});

beforeEach(async () => {
  await ground.shard.root.query(sqlText('truncate "Blogs", "Kinds", "Lines", "Settings", "Moments" restart identity'));
});

/** Every member that some answer has; each test asserts those of its own. */
interface AnswerBody extends Record<string, unknown> {
  readonly code: string;
  readonly traceId: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  readonly data: readonly Record<string, unknown>[];
  readonly next: string | null;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AnswerBody;
}

async function call(
  method: string,
  path: string,
  options: { as?: 'one' | 'two'; body?: unknown; text?: string | Uint8Array; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { as = 'one', body, text, headers } = options;
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(service.url + path, {
    method,
    headers: { authorization: `Bearer ${tokens[as]}`, ...(sent === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(sent === undefined ? {} : { body: sent as NonNullable<RequestInit['body']> }),
  });
  const answer = await response.text();
  return { status: response.status, headers: response.headers, body: (answer === '' ? undefined : JSON.parse(answer)) as AnswerBody };
}

describe('rows of a table', () => {
  it('are refused with a few of their faults, however many there are: neither answer nor log outgrows the request', async () => {
    const logged = service.logText().length;
    const body = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`no${index}`, 1]));
    const refused = await call('POST', '/v1/Blogs', { body });
    expect([refused.status, refused.body.errors.length]).toEqual([400, 20]);
    expect(service.logText().length - logged).toBeLessThan(5_000);
  });

  it('are created, read, changed and deleted, without the tenant column anywhere', async () => {
    const created = await call('POST', '/v1/Blogs', { body: { BlogId: 7, Name: 'Ann' } });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe('/v1/Blogs/7');
    expect(created.headers.get('content-type')).toBe('application/json');
    expect(created.body).toEqual({ BlogId: 7, Name: 'Ann' });
    expect((await call('GET', '/v1/Blogs/7')).body).toEqual({ BlogId: 7, Name: 'Ann' });
    const changed = await call('PATCH', '/v1/Blogs/7', { body: { Name: 'Bea' } });
    expect([changed.status, changed.body]).toEqual([200, { BlogId: 7, Name: 'Bea' }]);
    const deleted = await call('DELETE', '/v1/Blogs/7');
    expect([deleted.status, deleted.body]).toEqual([204, undefined]);
    expect((await call('GET', '/v1/Blogs/7')).status).toBe(404);
  });

  it('of another tenant are 404, exactly like rows that do not exist', async () => {
    await call('POST', '/v1/Blogs', { body: { BlogId: 7, Name: 'Ann' } });
    for (const method of ['GET', 'DELETE'] as const) {
      const foreign = await call(method, '/v1/Blogs/7', { as: 'two' });
      const absent = await call(method, '/v1/Blogs/8', { as: 'two' });
      expect(foreign.status).toBe(404);
      expect({ ...foreign.body, traceId: '' }).toEqual({ ...absent.body, traceId: '' });
    }
    expect((await call('PATCH', '/v1/Blogs/7', { as: 'two', body: { Name: 'X' } })).status).toBe(404);
    expect((await call('POST', '/v1/Blogs', { as: 'two', body: { BlogId: 7, Name: 'Two' } })).status).toBe(201);
    expect((await call('GET', '/v1/Blogs/7')).body).toEqual({ BlogId: 7, Name: 'Ann' });
  });

  it('of every kind travel as JSON that loses nothing, there and back', async () => {
    const sent = {
      Small: -5, Big: '9007199254740993', Money: '12345678.90', Single: 0.1, Double: 1e-300, Flag: false, Short: 'añ👍',
      Guid: 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', Raw: 'AP8=', Day: '2024-02-29', Clock: '23:59:59.123456',
      Local: '2024-02-29T12:00:00.123456+02:00', Moment: '2024-12-31T23:59:59.123-05:00', Doc: { a: [1, 'x', null], b: { c: -1.5e-7 } }, Mood: 'wild',
    }; // prettier-ignore
    const shown = {
      ...sent, Id: 1, Guid: sent.Guid.toLowerCase(), Local: '2024-02-29T10:00:00.123456Z', Moment: '2025-01-01T04:59:59.123Z', Twice: -10,
    }; // prettier-ignore
    const created = await call('POST', '/v1/Kinds', { body: sent });
    expect(created.body).toEqual(shown);
    expect((await call('GET', '/v1/Kinds/1')).body).toEqual(shown);
    const again = await call('PATCH', '/v1/Kinds/1', { body: { ...shown, Id: undefined, Twice: undefined } });
    expect(again.body).toEqual(shown);
    const empty = await call('POST', '/v1/Kinds', { body: {} });
    expect([empty.status, empty.body.Id, empty.body.Moment, empty.body.Doc]).toEqual([201, 2, null, null]);
  });

  it('show what JSON cannot say by name', async () => {
    await ground.shard.root.query(
      sqlText(`insert into "Kinds" ("TenantId", "Id", "Double", "Moment", "Day") values (1, 5, 'NaN', 'infinity', '0044-03-15 BC')`),
    );
    expect((await call('GET', '/v1/Kinds/5')).body).toMatchObject({ Double: 'NaN', Moment: 'infinity', Day: '-000043-03-15' });
  });

  it('with a composite key are named a,b, a comma within a value as %2C', async () => {
    const created = await call('POST', '/v1/Lines', { body: { Order: 'a,b/c d', Line: 3 } });
    expect(created.headers.get('location')).toBe('/v1/Lines/a%2Cb%2Fc%20d,3');
    expect((await call('GET', created.headers.get('location')!)).body).toEqual({ Order: 'a,b/c d', Line: 3, Text: 'new' });
    const wrong = await call('GET', '/v1/Lines/a,b,3');
    expect([wrong.status, wrong.body.errors]).toEqual([
      400,
      [{ in: 'path', pointer: '/key', detail: 'must have 2 parts between commas: Order,Line' }],
    ]);
  });

  it('keyed by the tenant alone are one row, and have no path of their own', async () => {
    const created = await call('POST', '/v1/Settings', { body: { Theme: 'dark' } });
    expect([created.status, created.headers.get('location')]).toEqual([201, null]);
    expect((await call('GET', '/v1/Settings')).body).toEqual({ data: [{ Theme: 'dark' }], next: null });
    expect((await call('GET', '/v1/Settings/1')).status).toBe(404);
  });

  it('of a reference table are read only', async () => {
    expect((await call('GET', '/v1/Countries')).body).toEqual({
      data: [
        { Code: 'CH', Name: 'Switzerland' },
        { Code: 'DE', Name: 'Germany' },
      ],
      next: null,
    });
    for (const [method, path] of [
      ['POST', '/v1/Countries'],
      ['PATCH', '/v1/Countries/CH'],
      ['DELETE', '/v1/Countries/CH'],
    ] as const) {
      const refused = await call(method, path, { body: { Name: 'X' } });
      expect([refused.status, refused.body.code, refused.headers.get('allow')]).toEqual([405, 'METHOD_NOT_ALLOWED', 'GET, HEAD']);
    }
  });
});

describe('lists', () => {
  it('walk a composite key page by page, each row once', async () => {
    for (const [order, line] of [
      ['a', 1],
      ['a', 2],
      ['b', 1],
      ['b', 2],
      ['c', 1],
    ] as const) {
      await call('POST', '/v1/Lines', { body: { Order: order, Line: line } });
    }
    await call('POST', '/v1/Lines', { as: 'two', body: { Order: 'a', Line: 9 } });
    const seen: string[] = [];
    let path: string | undefined = '/v1/Lines?limit=2';
    let pages = 0;
    while (path !== undefined) {
      const { body } = await call('GET', path);
      seen.push(...body.data.map(({ Order, Line }) => `${String(Order)}${String(Line)}`));
      path = body.next === null ? undefined : `/v1/Lines?limit=2&cursor=${body.next}`;
      pages += 1;
    }
    expect(seen).toEqual(['a1', 'a2', 'b1', 'b2', 'c1']);
    expect(pages).toBe(3);
  });

  it('walk keys of times and decimals without losing a digit', async () => {
    await ground.shard.root.query(
      sqlText(
        `insert into "Moments" select 1, timestamptz '2024-01-01 00:00:00.000001Z' + n * interval '1 microsecond', n / 3.0 from generate_series(1, 7) n`,
      ),
    );
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await call('GET', `/v1/Moments?limit=2${cursor}`);
      seen.push(...body.data.map(({ At }) => String(At).slice(-7)));
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(seen).toEqual(['000002Z', '000003Z', '000004Z', '000005Z', '000006Z', '000007Z', '000008Z']);
  });

  it('refuse a cursor of another table, tenant or caller, and a changed one', async () => {
    for (const line of [1, 2, 3]) await call('POST', '/v1/Lines', { body: { Order: 'a', Line: line } });
    for (const id of [1, 2, 3]) await call('POST', '/v1/Blogs', { body: { BlogId: id, Name: 'x' } });
    const next = String((await call('GET', '/v1/Lines?limit=1')).body.next);
    const ofBob = await issuer.token({ tenant: '1', sub: 'bob' });
    const changed = next.slice(0, 30) + (next[30] === 'A' ? 'B' : 'A') + next.slice(31);
    const attempts = [
      await call('GET', `/v1/Blogs?cursor=${next}`),
      await call('GET', `/v1/Lines?cursor=${next}`, { as: 'two' }),
      await call('GET', `/v1/Lines?cursor=${next}`, { headers: { authorization: `Bearer ${ofBob}` } }),
      await call('GET', `/v1/Lines?cursor=${changed}`),
      await call('GET', `/v1/Lines?cursor=${next}A`),
      await call('GET', '/v1/Lines?cursor='),
      await call('GET', `/v1/Lines?cursor=${'A'.repeat(9_000)}`),
    ];
    for (const { status, body } of attempts) {
      expect([status, body.errors[0]?.pointer]).toEqual([400, '/cursor']);
    }
    expect((await call('GET', `/v1/Lines?cursor=${next}`)).body.data).toHaveLength(2);
  });

  it.each([
    ['limit=0', '/limit'],
    ['limit=1001', '/limit'],
    ['limit=1e1', '/limit'],
    ['limit=%2010', '/limit'],
    ['limit=', '/limit'],
    ['limit=5&limit=6', '/limit'],
    ['order=-Name', '/order'],
    ['__proto__=1', '/__proto__'],
  ])('refuse ?%s', async (query, pointer) => {
    const { status, body } = await call('GET', `/v1/Blogs?${query}`);
    expect([status, body.code, body.errors[0]?.pointer]).toEqual([400, 'INVALID_REQUEST', pointer]);
  });
});

describe('bodies', () => {
  it('are refused with every problem and its pointer, and no value', async () => {
    const { status, headers, body } = await call('POST', '/v1/Lines', {
      text: '{"Line":"secret-5","TenantId":2,"a/b~c":1,"__proto__":{"x":1},"constructor":1}',
    });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({
      type: 'urn:tenantry:error:INVALID_REQUEST',
      title: 'The request is malformed.',
      status: 400,
      code: 'INVALID_REQUEST',
    });
    expect(body.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(body.errors).toEqual([
      { in: 'body', pointer: '/TenantId', detail: 'is the tenant column, which the token decides' },
      { in: 'body', pointer: '/a~1b~0c', detail: 'is no column of Lines; there are Order, Line, Text' },
      { in: 'body', pointer: '/__proto__', detail: 'is no column of Lines' },
      { in: 'body', pointer: '/constructor', detail: 'is no column of Lines' },
      { in: 'body', pointer: '/Line', detail: 'must be a whole number from -2147483648 to 2147483647' },
      { in: 'body', pointer: '/Order', detail: 'is missing; it must be a string, without NUL and lone surrogates' },
    ]);
    expect(JSON.stringify(body)).not.toContain('secret-5');
  });

  it.each([
    ['{"Order":"a","Line":1,"Line":2}', '/Line', 'is named twice in one object'],
    ['{"Order":"a","Line":1', '', 'is not JSON'],
    ['', '', 'is not JSON'],
    ['[]', '', 'must be a JSON object of columns and values'],
    ['null', '', 'must be a JSON object of columns and values'],
    ['{"Order":"a\\u0000","Line":1}', '/Order', 'must be a string'],
    ['{"Order":"\\ud800","Line":1}', '/Order', 'must be a string'],
    ['{"Order":null,"Line":1}', '/Order', 'must not be null'],
    ['{"Order":"a","Line":-0}', '/Line', 'must be a whole number'],
    ['{"Order":"a","Line":9007199254740993}', '/Line', 'is a number that JSON readers would change'],
    ['{"Order":"a","Line":[1]}', '/Line', 'must be a whole number'],
  ])('such as %s are refused', async (text, pointer, detail) => {
    const { status, body } = await call('POST', '/v1/Lines', { text });
    expect([status, body.code, body.errors[0]?.pointer]).toEqual([400, 'INVALID_REQUEST', pointer]);
    expect(body.errors[0]?.detail).toContain(detail);
  });

  it('must not name generated or key columns where these do not change', async () => {
    await call('POST', '/v1/Kinds', { body: {} });
    const { body } = await call('PATCH', '/v1/Kinds/1', { body: { Id: 2, Twice: 4 } });
    expect(body.errors.map(({ pointer }) => pointer)).toEqual(['/Id', '/Twice']);
    expect((await call('PATCH', '/v1/Kinds/1', { body: {} })).body.errors[0]?.detail).toBe('must name at least one column');
  });

  it('must be UTF-8 JSON, say so, and fit the limit', async () => {
    const valid = '{"BlogId":1,"Name":"x"}';
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'application/jsonp']) {
      const refused = await call('POST', '/v1/Blogs', { text: valid, headers: { 'content-type': type } });
      expect([refused.status, refused.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    }
    expect((await call('POST', '/v1/Blogs', { text: valid, headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
    expect((await call('POST', '/v1/Blogs', { text: new Uint8Array([0x22, 0xff, 0x22]) })).status).toBe(400);
    const large = await call('POST', '/v1/Blogs', { body: { BlogId: 1, Name: 'x'.repeat(70_000) } });
    expect([large.status, large.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    const chunks = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(16_384).fill(0x20)),
    });
    const endless = await fetch(`${service.url}/v1/Blogs`, {
      method: 'POST',
      body: chunks,
      duplex: 'half',
      headers: { authorization: `Bearer ${tokens.one}`, 'content-type': 'application/json' },
    }).then(
      (response) => response.status,
      () => 'closed',
    );
    expect([413, 'closed']).toContain(endless);
    expect((await call('GET', '/v1/Blogs')).body.data).toEqual([]);
    expect((await call('POST', '/v1/Blogs', { text: valid, headers: { 'content-type': 'application/json; charset=UTF-8' } })).status).toBe(
      201,
    );
  });
});

describe('keys in paths', () => {
  it.each(['%201', '0x1', '1e0', '01', '-0', '+1', '1.0', '[1]', 'true', '2147483648', '', '1%00', '%', '1;drop', '1%27'])(
    'such as %s have one form, and others are 400 or no path',
    async (key) => {
      const { status, body } = await call('GET', `/v1/Blogs/${key}`);
      expect([status, body.code]).toEqual(key === '' ? [404, 'NOT_FOUND'] : [400, 'INVALID_REQUEST']);
    },
  );
});

describe('errors of the database', () => {
  it('are a conflict or a violated constraint, and say nothing of any row', async () => {
    await call('POST', '/v1/Blogs', { body: { BlogId: 7, Name: 'hidden-name' } });
    const twice = await call('POST', '/v1/Blogs', { body: { BlogId: 7, Name: 'other' } });
    expect(twice.status).toBe(409);
    expect(Object.keys(twice.body)).toEqual(['type', 'title', 'status', 'code', 'traceId']);
    await ground.shard.root.query(sqlText(`alter table "Lines" add constraint "few" check ("Line" < 100)`));
    const broken = await call('POST', '/v1/Lines', { body: { Order: 'hidden-order', Line: 100 } });
    expect([broken.status, broken.body.code]).toEqual([422, 'CONSTRAINT_VIOLATION']);
    expect(JSON.stringify([twice.body, broken.body]) + service.logText()).not.toMatch(/hidden-/);
  });

  it('unknown to the API are INTERNAL: a trace id, which the log has too, and nothing else', async () => {
    await ground.shard.root.query(sqlText('alter table "Settings" rename to "Gone"'));
    try {
      const { status, body } = await call('GET', '/v1/Settings', {
        headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      });
      expect([status, body]).toEqual([
        500,
        {
          type: 'urn:tenantry:error:INTERNAL',
          title: 'An unexpected error occurred.',
          status: 500,
          code: 'INTERNAL',
          traceId: '0af7651916cd43dd8448eb211c80319c',
        },
      ]);
      expect(service.log().at(-1)).toMatchObject({
        level: 50,
        traceId: '0af7651916cd43dd8448eb211c80319c',
        error: { code: 'STATEMENT_FAILED' },
      });
    } finally {
      await ground.shard.root.query(sqlText('alter table "Gone" rename to "Settings"'));
    }
  });
});

describe('reads', () => {
  it('alone are said to be reads, which the shard holds them to and which may be repeated', async () => {
    const seen: [kind: string, isRead: boolean][] = [];
    let kind = '';
    const told = await startHttpService({
      router: {
        query: (tenant, statement, options) => {
          seen.push([kind, options?.readOnly === true]);
          return ground.router.query(tenant, statement, options);
        },
      },
      keyType: 'int',
      issuers: [issuer.settings()],
      catalog: ground.shard.admin,
      tableSettings: httpTables,
    });
    const headers = { authorization: `Bearer ${tokens.one}`, 'content-type': 'application/json' };
    for (const [method, path, body] of [
      ['POST', '/v1/Blogs', '{"BlogId":1,"Name":"x"}'],
      ['GET', '/v1/Blogs', undefined],
      ['GET', '/v1/Blogs/1', undefined],
      ['PATCH', '/v1/Blogs/1', '{"Name":"y"}'],
      ['DELETE', '/v1/Blogs/1', undefined],
    ] as const) {
      kind = method;
      await fetch(told.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    }
    await told.server.stop();
    expect(seen).toEqual([
      ['POST', false],
      ['GET', true],
      ['GET', true],
      ['PATCH', false],
      ['DELETE', false],
    ]);
  });
});

describe('paths', () => {
  it('that are none of the API are 404, and methods that a resource does not know are 405', async () => {
    for (const path of ['/', '/v1', '/v1/blogs', '/v1/constructor', '/v1/__proto__', '/v1/Blogs/1/2', '/v1/pg_class']) {
      const { status, body } = await call('GET', path);
      expect([status, body.code]).toEqual([404, 'NOT_FOUND']);
    }
    const put = await call('PUT', '/v1/Blogs/1', { body: {} });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, PATCH, DELETE']);
    expect((await call('DELETE', '/v1/Blogs')).headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('are refused where they are more than an answer may hold, and come in smaller pages', async () => {
    await ground.shard.root.query(sqlText(`insert into "Lines" select 1, 'o', n, repeat('x', 1000000) from generate_series(1, 30) as n`));
    const { status, body } = await call('GET', '/v1/Lines?limit=1000');
    expect([status, body.code, body['title']]).toEqual([
      413,
      'ANSWER_TOO_LARGE',
      'The answer is larger than the limit: ask for fewer rows, or for a stream.',
    ]);
    expect((await call('GET', '/v1/Lines?limit=10')).body.data.map((row) => row['Line'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('tell a caller who it is', async () => {
    expect((await call('GET', '/v1/me')).body).toEqual({ tenant: '1', subject: 'ann', issuer: 'https://issuer.test' });
  });

  it('of a tenant without a mapping are 403 UNKNOWN_TENANT', async () => {
    const token = await issuer.token({ tenant: '77' });
    const { status, body } = await call('GET', '/v1/Blogs', { headers: { authorization: `Bearer ${token}` } });
    expect([status, body.code]).toEqual([403, 'UNKNOWN_TENANT']);
  });

  it('of a tenant that is offline are 503 with Retry-After, and those of others go on', async () => {
    const become = (state: string) =>
      ground.shard.root.query(sqlText(`update tenantry.local_mapping set state = '${state}' where mapping_id = 2`));
    await become('OFFLINE');
    const { status, headers, body } = await call('GET', '/v1/Blogs', { as: 'two' });
    const other = await call('GET', '/v1/Blogs');
    await become('ONLINE');
    expect([status, body.code, Number(headers.get('retry-after')) >= 1]).toEqual([503, 'TENANT_OFFLINE', true]);
    expect(other.status).toBe(200);
    expect((await call('GET', '/v1/Blogs', { as: 'two' })).status).toBe(200);
  });

  it('take tokens and data only: the second port has neither', async () => {
    expect(await (await fetch(`${service.opsUrl}/livez`)).text()).toBe('ok');
    expect((await fetch(`${service.opsUrl}/readyz`)).status).toBe(200);
    expect((await fetch(`${service.opsUrl}/v1/Blogs`)).status).toBe(404);
    await call('GET', '/v1/Blogs');
    const metrics = await (await fetch(`${service.opsUrl}/metrics`)).text();
    expect(metrics).toContain('tenantry_http_request_duration_seconds_count{route="list",method="GET",status="200"}');
    expect(metrics).not.toMatch(/tenant="/);
  });
});
