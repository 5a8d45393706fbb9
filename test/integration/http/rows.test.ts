import { describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { httpTables } from '../../support/http-shard.ts';
import { startHttpService } from '../../support/http-service.ts';
import { useHttpRows } from '../../support/http-rows.ts';

const api = useHttpRows();

describe('rows of a table', () => {
  it('are refused with a few of their faults, however many there are: neither answer nor log outgrows the request', async () => {
    const logged = api.service.logText().length;
    const body = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`no${index}`, 1]));
    const refused = await api.call('POST', '/v1/Blogs', { body });
    expect([refused.status, refused.body.errors.length]).toEqual([400, 20]);
    expect(api.service.logText().length - logged).toBeLessThan(5_000);
  });

  it('are created, read, changed and deleted, without the tenant column anywhere', async () => {
    const created = await api.call('POST', '/v1/Blogs', { body: { BlogId: 7, Name: 'Ann' } });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe('/v1/Blogs/7');
    expect(created.headers.get('content-type')).toBe('application/json');
    expect(created.body).toEqual({ BlogId: 7, Name: 'Ann' });
    expect((await api.call('GET', '/v1/Blogs/7')).body).toEqual({ BlogId: 7, Name: 'Ann' });
    const changed = await api.call('PATCH', '/v1/Blogs/7', { body: { Name: 'Bea' } });
    expect([changed.status, changed.body]).toEqual([200, { BlogId: 7, Name: 'Bea' }]);
    const deleted = await api.call('DELETE', '/v1/Blogs/7');
    expect([deleted.status, deleted.body]).toEqual([204, undefined]);
    expect((await api.call('GET', '/v1/Blogs/7')).status).toBe(404);
  });

  it('of another tenant are 404, exactly like rows that do not exist', async () => {
    await api.call('POST', '/v1/Blogs', { body: { BlogId: 7, Name: 'Ann' } });
    for (const method of ['GET', 'DELETE'] as const) {
      const foreign = await api.call(method, '/v1/Blogs/7', { as: 'two' });
      const absent = await api.call(method, '/v1/Blogs/8', { as: 'two' });
      expect(foreign.status).toBe(404);
      expect({ ...foreign.body, traceId: '' }).toEqual({ ...absent.body, traceId: '' });
    }
    expect((await api.call('PATCH', '/v1/Blogs/7', { as: 'two', body: { Name: 'X' } })).status).toBe(404);
    expect((await api.call('POST', '/v1/Blogs', { as: 'two', body: { BlogId: 7, Name: 'Two' } })).status).toBe(201);
    expect((await api.call('GET', '/v1/Blogs/7')).body).toEqual({ BlogId: 7, Name: 'Ann' });
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
    const created = await api.call('POST', '/v1/Kinds', { body: sent });
    expect(created.body).toEqual(shown);
    expect((await api.call('GET', '/v1/Kinds/1')).body).toEqual(shown);
    const again = await api.call('PATCH', '/v1/Kinds/1', { body: { ...shown, Id: undefined, Twice: undefined } });
    expect(again.body).toEqual(shown);
    const empty = await api.call('POST', '/v1/Kinds', { body: {} });
    expect([empty.status, empty.body.Id, empty.body.Moment, empty.body.Doc]).toEqual([201, 2, null, null]);
  });

  it('show what JSON cannot say by name', async () => {
    await api.ground.shard.root.query(
      sqlText(`insert into "Kinds" ("TenantId", "Id", "Double", "Moment", "Day") values (1, 5, 'NaN', 'infinity', '0044-03-15 BC')`),
    );
    expect((await api.call('GET', '/v1/Kinds/5')).body).toMatchObject({ Double: 'NaN', Moment: 'infinity', Day: '-000043-03-15' });
  });

  it('with a composite key are named a,b, a comma within a value as %2C', async () => {
    const created = await api.call('POST', '/v1/Lines', { body: { Order: 'a,b/c d', Line: 3 } });
    expect(created.headers.get('location')).toBe('/v1/Lines/a%2Cb%2Fc%20d,3');
    expect((await api.call('GET', created.headers.get('location')!)).body).toEqual({ Order: 'a,b/c d', Line: 3, Text: 'new' });
    const wrong = await api.call('GET', '/v1/Lines/a,b,3');
    expect([wrong.status, wrong.body.errors]).toEqual([
      400,
      [{ in: 'path', pointer: '/key', detail: 'must have 2 parts between commas: Order,Line' }],
    ]);
  });

  it('keyed by the tenant alone are one row, and have no path of their own', async () => {
    const created = await api.call('POST', '/v1/Settings', { body: { Theme: 'dark' } });
    expect([created.status, created.headers.get('location')]).toEqual([201, null]);
    expect((await api.call('GET', '/v1/Settings')).body).toEqual({ data: [{ Theme: 'dark' }], next: null });
    expect((await api.call('GET', '/v1/Settings/1')).status).toBe(404);
  });

  it('of a reference table are read only', async () => {
    expect((await api.call('GET', '/v1/Countries')).body).toEqual({
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
      const refused = await api.call(method, path, { body: { Name: 'X' } });
      expect([refused.status, refused.body.code, refused.headers.get('allow')]).toEqual([405, 'METHOD_NOT_ALLOWED', 'GET, HEAD']);
    }
  });
});

describe('keys in paths', () => {
  it.each(['%201', '0x1', '1e0', '01', '-0', '+1', '1.0', '[1]', 'true', '2147483648', '', '1%00', '%', '1;drop', '1%27'])(
    'such as %s have one form, and others are 400 or no path',
    async (key) => {
      const { status, body } = await api.call('GET', `/v1/Blogs/${key}`);
      expect([status, body.code]).toEqual(key === '' ? [404, 'NOT_FOUND'] : [400, 'INVALID_REQUEST']);
    },
  );
});

describe('reads', () => {
  it('alone are said to be reads, which the shard holds them to and which may be repeated', async () => {
    const seen: [kind: string, isRead: boolean][] = [];
    let kind = '';
    const told = await startHttpService({
      router: {
        query: (tenant, statement, options) => {
          seen.push([kind, options?.readOnly === true]);
          return api.ground.router.query(tenant, statement, options);
        },
      },
      keyType: 'int',
      issuers: [api.issuer.settings()],
      catalog: api.ground.shard.admin,
      tableSettings: httpTables,
    });
    const headers = { authorization: `Bearer ${api.tokens.one}`, 'content-type': 'application/json' };
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
