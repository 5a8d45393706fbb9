import { describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { useHttpRows } from '../../support/http-rows.ts';

const api = useHttpRows();

describe('errors of the database', () => {
  it('are a conflict or a violated constraint, and say nothing of any row', async () => {
    await api.call('POST', '/v1/Blogs', { body: { BlogId: 7, Name: 'hidden-name' } });
    const twice = await api.call('POST', '/v1/Blogs', { body: { BlogId: 7, Name: 'other' } });
    expect(twice.status).toBe(409);
    expect(Object.keys(twice.body)).toEqual(['type', 'title', 'status', 'code', 'traceId']);
    await api.ground.shard.root.query(sqlText(`alter table "Lines" add constraint "few" check ("Line" < 100)`));
    const broken = await api.call('POST', '/v1/Lines', { body: { Order: 'hidden-order', Line: 100 } });
    expect([broken.status, broken.body.code]).toEqual([422, 'CONSTRAINT_VIOLATION']);
    expect(JSON.stringify([twice.body, broken.body]) + api.service.logText()).not.toMatch(/hidden-/);
  });

  it('unknown to the API are INTERNAL: a trace id, which the log has too, and nothing else', async () => {
    await api.ground.shard.root.query(sqlText('alter table "Settings" rename to "Gone"'));
    try {
      const { status, body } = await api.call('GET', '/v1/Settings', {
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
      expect(api.service.log().at(-1)).toMatchObject({
        level: 50,
        traceId: '0af7651916cd43dd8448eb211c80319c',
        error: { code: 'STATEMENT_FAILED' },
      });
    } finally {
      await api.ground.shard.root.query(sqlText('alter table "Gone" rename to "Settings"'));
    }
  });
});

describe('paths', () => {
  it('that are none of the API are 404, and methods that a resource does not know are 405', async () => {
    for (const path of ['/', '/v1', '/v1/blogs', '/v1/constructor', '/v1/__proto__', '/v1/Blogs/1/2', '/v1/pg_class']) {
      const { status, body } = await api.call('GET', path);
      expect([status, body.code]).toEqual([404, 'NOT_FOUND']);
    }
    const put = await api.call('PUT', '/v1/Blogs/1', { body: {} });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, PATCH, DELETE']);
    expect((await api.call('DELETE', '/v1/Blogs')).headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('are refused where they are more than an answer may hold, and come in smaller pages', async () => {
    await api.ground.shard.root.query(
      sqlText(`insert into "Lines" select 1, 'o', n, repeat('x', 1000000) from generate_series(1, 30) as n`),
    );
    const { status, body } = await api.call('GET', '/v1/Lines?limit=1000');
    expect([status, body.code, body['title']]).toEqual([
      413,
      'ANSWER_TOO_LARGE',
      'The answer is larger than the limit: ask for fewer rows, or for a stream.',
    ]);
    expect((await api.call('GET', '/v1/Lines?limit=10')).body.data.map((row) => row['Line'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('tell a caller who it is', async () => {
    expect((await api.call('GET', '/v1/me')).body).toEqual({ tenant: '1', subject: 'ann', issuer: 'https://issuer.test' });
  });

  it('of a tenant without a mapping are 403 UNKNOWN_TENANT', async () => {
    const token = await api.issuer.token({ tenant: '77' });
    const { status, body } = await api.call('GET', '/v1/Blogs', { headers: { authorization: `Bearer ${token}` } });
    expect([status, body.code]).toEqual([403, 'UNKNOWN_TENANT']);
  });

  it('of a tenant that is offline are 503 with Retry-After, and those of others go on', async () => {
    const become = (state: string) =>
      api.ground.shard.root.query(sqlText(`update tenantry.local_mapping set state = '${state}' where mapping_id = 2`));
    await become('OFFLINE');
    const { status, headers, body } = await api.call('GET', '/v1/Blogs', { as: 'two' });
    const other = await api.call('GET', '/v1/Blogs');
    await become('ONLINE');
    expect([status, body.code, Number(headers.get('retry-after')) >= 1]).toEqual([503, 'TENANT_OFFLINE', true]);
    expect(other.status).toBe(200);
    expect((await api.call('GET', '/v1/Blogs', { as: 'two' })).status).toBe(200);
  });

  it('take tokens and data only: the second port has neither', async () => {
    expect(await (await fetch(`${api.service.opsUrl}/livez`)).text()).toBe('ok');
    expect((await fetch(`${api.service.opsUrl}/readyz`)).status).toBe(200);
    expect((await fetch(`${api.service.opsUrl}/v1/Blogs`)).status).toBe(404);
    await api.call('GET', '/v1/Blogs');
    const metrics = await (await fetch(`${api.service.opsUrl}/metrics`)).text();
    expect(metrics).toContain('tenantry_http_request_duration_seconds_count{route="list",method="GET",status="200"}');
    expect(metrics).not.toMatch(/tenant="/);
  });
});
