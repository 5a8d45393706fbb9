import { describe, expect, it } from 'vitest';
import { useHttpRows } from '../../support/http-rows.ts';

const api = useHttpRows();

describe('bodies', () => {
  it('are refused with every problem and its pointer, and no value', async () => {
    const { status, headers, body } = await api.call('POST', '/v1/Lines', {
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
    const { status, body } = await api.call('POST', '/v1/Lines', { text });
    expect([status, body.code, body.errors[0]?.pointer]).toEqual([400, 'INVALID_REQUEST', pointer]);
    expect(body.errors[0]?.detail).toContain(detail);
  });

  it('must not name generated or key columns where these do not change', async () => {
    await api.call('POST', '/v1/Kinds', { body: {} });
    const { body } = await api.call('PATCH', '/v1/Kinds/1', { body: { Id: 2, Twice: 4 } });
    expect(body.errors.map(({ pointer }) => pointer)).toEqual(['/Id', '/Twice']);
    expect((await api.call('PATCH', '/v1/Kinds/1', { body: {} })).body.errors[0]?.detail).toBe('must name at least one column');
  });

  it('must be UTF-8 JSON, say so, and fit the limit', async () => {
    const valid = '{"BlogId":1,"Name":"x"}';
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'application/jsonp']) {
      const refused = await api.call('POST', '/v1/Blogs', { text: valid, headers: { 'content-type': type } });
      expect([refused.status, refused.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    }
    expect((await api.call('POST', '/v1/Blogs', { text: valid, headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
    expect((await api.call('POST', '/v1/Blogs', { text: new Uint8Array([0x22, 0xff, 0x22]) })).status).toBe(400);
    const large = await api.call('POST', '/v1/Blogs', { body: { BlogId: 1, Name: 'x'.repeat(70_000) } });
    expect([large.status, large.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    const chunks = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(16_384).fill(0x20)),
    });
    const endless = await fetch(`${api.service.url}/v1/Blogs`, {
      method: 'POST',
      body: chunks,
      duplex: 'half',
      headers: { authorization: `Bearer ${api.tokens.one}`, 'content-type': 'application/json' },
    }).then(
      (response) => response.status,
      () => 'closed',
    );
    expect([413, 'closed']).toContain(endless);
    expect((await api.call('GET', '/v1/Blogs')).body.data).toEqual([]);
    expect(
      (await api.call('POST', '/v1/Blogs', { text: valid, headers: { 'content-type': 'application/json; charset=UTF-8' } })).status,
    ).toBe(201);
  });
});
