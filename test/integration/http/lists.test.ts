import { describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { useHttpRows } from '../../support/http-rows.ts';

const api = useHttpRows();

describe('lists', () => {
  it('walk a composite key page by page, each row once', async () => {
    for (const [order, line] of [
      ['a', 1],
      ['a', 2],
      ['b', 1],
      ['b', 2],
      ['c', 1],
    ] as const) {
      await api.call('POST', '/v1/Lines', { body: { Order: order, Line: line } });
    }
    await api.call('POST', '/v1/Lines', { as: 'two', body: { Order: 'a', Line: 9 } });
    const seen: string[] = [];
    let path: string | undefined = '/v1/Lines?limit=2';
    let pages = 0;
    while (path !== undefined) {
      const { body } = await api.call('GET', path);
      seen.push(...body.data.map(({ Order, Line }) => `${String(Order)}${String(Line)}`));
      path = body.next === null ? undefined : `/v1/Lines?limit=2&cursor=${body.next}`;
      pages += 1;
    }
    expect(seen).toEqual(['a1', 'a2', 'b1', 'b2', 'c1']);
    expect(pages).toBe(3);
  });

  it('walk keys of times and decimals without losing a digit', async () => {
    await api.ground.shard.root.query(
      sqlText(
        `insert into "Moments" select 1, timestamptz '2024-01-01 00:00:00.000001Z' + n * interval '1 microsecond', n / 3.0 from generate_series(1, 7) n`,
      ),
    );
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await api.call('GET', `/v1/Moments?limit=2${cursor}`);
      seen.push(...body.data.map(({ At }) => String(At).slice(-7)));
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(seen).toEqual(['000002Z', '000003Z', '000004Z', '000005Z', '000006Z', '000007Z', '000008Z']);
  });

  it('refuse a cursor of another table, tenant or caller, and a changed one', async () => {
    for (const line of [1, 2, 3]) await api.call('POST', '/v1/Lines', { body: { Order: 'a', Line: line } });
    for (const id of [1, 2, 3]) await api.call('POST', '/v1/Blogs', { body: { BlogId: id, Name: 'x' } });
    const next = String((await api.call('GET', '/v1/Lines?limit=1')).body.next);
    const ofBob = await api.issuer.token({ tenant: '1', sub: 'bob' });
    const changed = next.slice(0, 30) + (next[30] === 'A' ? 'B' : 'A') + next.slice(31);
    const attempts = [
      await api.call('GET', `/v1/Blogs?cursor=${next}`),
      await api.call('GET', `/v1/Lines?cursor=${next}`, { as: 'two' }),
      await api.call('GET', `/v1/Lines?cursor=${next}`, { headers: { authorization: `Bearer ${ofBob}` } }),
      await api.call('GET', `/v1/Lines?cursor=${changed}`),
      await api.call('GET', `/v1/Lines?cursor=${next}A`),
      await api.call('GET', '/v1/Lines?cursor='),
      await api.call('GET', `/v1/Lines?cursor=${'A'.repeat(9_000)}`),
    ];
    for (const { status, body } of attempts) {
      expect([status, body.errors[0]?.pointer]).toEqual([400, '/cursor']);
    }
    expect((await api.call('GET', `/v1/Lines?cursor=${next}`)).body.data).toHaveLength(2);
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
    const { status, body } = await api.call('GET', `/v1/Blogs?${query}`);
    expect([status, body.code, body.errors[0]?.pointer]).toEqual([400, 'INVALID_REQUEST', pointer]);
  });
});
