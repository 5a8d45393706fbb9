import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScriptedDataApi } from '../../support/scripted-data-api.ts';

const tenant = "[TenantId] = CAST(SESSION_CONTEXT(N'tenantry.tenant') AS int)";

describe('the data API over a table of SQL Server', () => {
  let api: ScriptedDataApi;

  beforeAll(async () => {
    api = await ScriptedDataApi.start('Blogs', [
      { name: 'TenantId', type: 'int', kind: 'int32', keyPosition: 1, hasDefault: true },
      { name: 'BlogId', type: 'int', kind: 'int32', keyPosition: 2 },
      { name: 'Name', type: 'nvarchar(200)', kind: 'text', maximumLength: 200 },
    ]);
    api.answer = () => ({ columns: { BlogId: 'int', Name: 'nvarchar(200)' }, rows: [[7, 'Ann']] });
  });
  afterAll(async () => await api[Symbol.asyncDispose]());

  test('names the tenant beside the key, so that a plan seeks both', async () => {
    const found = await api.request('GET', 'Blogs/7');
    expect([found.status, found.body]).toEqual([200, { BlogId: 7, Name: 'Ann' }]);
    expect(found.statement).toBe(`select [BlogId], [Name] from [dbo].[Blogs] where ${tenant} and [BlogId] = @p1`);
    expect(found.parameters).toEqual([['int', 7]]);
    const removed = await api.request('DELETE', 'Blogs/7');
    expect(removed.statement).toBe(`delete from [dbo].[Blogs] where ${tenant} and [BlogId] = @p1`);
  });

  test('reads pages in the order of tenant and key, from a key on', async () => {
    const page = 'order by [t].[TenantId], [t].[BlogId] offset 0 rows fetch next';
    api.answer = () => ({
      columns: { BlogId: 'int', Name: 'nvarchar(200)' },
      rows: [
        [7, 'Ann'],
        [8, 'Bea'],
      ],
    });
    const first = await api.request('GET', 'Blogs?limit=1');
    expect(first.statement).toBe(`select [BlogId], [Name] from [dbo].[Blogs] as [t] where [t].${tenant} ${page} @p1 rows only`);
    const { next } = first.body as { readonly next: string };
    const second = await api.request('GET', `Blogs?limit=1&cursor=${next}`);
    expect(second.statement).toBe(
      `select [BlogId], [Name] from [dbo].[Blogs] as [t] where [t].${tenant} and [t].[BlogId] > @p1 ${page} @p2 rows only`,
    );
    expect(second.parameters).toEqual([
      ['int', 7],
      ['int', 2],
    ]);
  });
});
