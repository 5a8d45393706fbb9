import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScriptedDataApi } from '../../support/scripted-data-api.ts';

const tenant = "[TenantId] = CAST(SESSION_CONTEXT(N'tenantry.tenant') AS int)";

describe('the data API over a table of SQL Server', () => {
  let api: ScriptedDataApi;

  beforeAll(async () => {
    api = await ScriptedDataApi.start('Blogs', [
      { name: 'TenantId', type: 'int', keyPosition: 1, hasDefault: true },
      { name: 'BlogId', type: 'int', keyPosition: 2 },
      { name: 'Name', type: 'nvarchar(200)', maximumLength: 200 },
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

describe('the data API over a table with triggers', () => {
  let api: ScriptedDataApi;

  beforeAll(async () => {
    const columns = [
      { name: 'TenantId', type: 'int', keyPosition: 1, hasDefault: true, storedAs: 'int' },
      { name: 'BlogId', type: 'int', keyPosition: 2, storedAs: 'int', hasDefault: true, generated: true },
      { name: 'Name', type: 'nvarchar(200)', maximumLength: 200, storedAs: 'nvarchar(200) COLLATE Latin1_General_CI_AS' },
    ] as const;
    api = await ScriptedDataApi.start('Blogs', columns, true);
  });
  afterAll(async () => await api[Symbol.asyncDispose]());

  const declared = 'declare @changed table ([changed] bit, [key1] int);\n';
  const readBack = `;\nselect [t].[BlogId], [t].[Name] from @changed as [c] join [dbo].[Blogs] as [t] on [t].${tenant} and [t].[BlogId] = [c].[key1];\nupdate @changed set [changed] = 1`;
  const columns = { BlogId: 'int', Name: 'nvarchar(200)' } as const;
  const key = `${tenant} and [BlogId] = @p1`;

  test('inserts and changes a row, and reads it as the triggers left it, in one message', async () => {
    api.answer = () => ({ columns, rows: [[7, 'ANN']], count: 1 });
    const created = await api.request('POST', 'Blogs', { Name: 'Ann' });
    expect([created.status, created.body]).toEqual([201, { BlogId: 7, Name: 'ANN' }]);
    expect(created.statement).toBe(
      `${declared}insert into [dbo].[Blogs] ([Name]) output 1, inserted.[BlogId] into @changed values (@p1)${readBack}`,
    );
    expect(created.parameters).toEqual([['nvarchar(40)', 'Ann']]);
    const changed = await api.request('PATCH', 'Blogs/7', { Name: 'ann' });
    expect([changed.status, changed.body]).toEqual([200, { BlogId: 7, Name: 'ANN' }]);
    expect(changed.statement).toBe(
      `${declared}update [dbo].[Blogs] set [Name] = @p1 output 1, inserted.[BlogId] into @changed where ${tenant} and [BlogId] = @p2${readBack}`,
    );
    expect([created.look, changed.look]).toEqual([undefined, undefined]);
  });

  test('says that a change was carried out whose row a trigger deleted, moved or gave another key, and shows none', async () => {
    api.answer = () => ({ columns, rows: [], count: 1 });
    for (const [method, path] of [
      ['POST', 'Blogs'],
      ['PATCH', 'Blogs/7'],
    ] as const) {
      const { status, body, look } = await api.request(method, path, { Name: 'Ann' });
      expect([method, status, body, look]).toEqual([method, 204, undefined, undefined]);
    }
  });

  test('looks whether there is a row where nothing was changed', async () => {
    const change = { Name: 'ann' };
    const answers = (rows: [number, string][]): void => {
      api.answer = ({ text }) => ({ columns, rows: text.startsWith('select') ? rows : [], count: 0 });
    };
    answers([]);
    const absent = await api.request('PATCH', 'Blogs/8', change);
    expect([absent.status, absent.look]).toEqual([404, `select [BlogId], [Name] from [dbo].[Blogs] where ${key}`]);
    expect((await api.request('DELETE', 'Blogs/8')).status).toBe(404);
    answers([[8, 'Ann']]);
    expect((await api.request('PATCH', 'Blogs/8', change)).status).toBe(409);
    expect((await api.request('DELETE', 'Blogs/8')).status).toBe(409);
    answers([[8, 'ann']]);
    expect(await api.request('PATCH', 'Blogs/8', change)).toMatchObject({ status: 200, body: { BlogId: 8, Name: 'ann' } });
    answers([]);
    expect((await api.request('POST', 'Blogs', change)).status).toBe(409);
  });

  test('tells what a trigger throws as a broken rule, and nothing of its words', async () => {
    for (const number of [50_000, 51_001, 60_000]) {
      api.answer = () => ({ error: { number, message: 'hidden-words' }, fatal: true });
      const { status, body } = await api.request('PATCH', 'Blogs/7', { Name: 'ann' });
      expect([status, body]).toMatchObject([422, { code: 'CONSTRAINT_VIOLATION' }]);
      expect(JSON.stringify(body)).not.toContain('hidden');
    }
    api.answer = () => ({ error: { number: 208 }, fatal: true });
    expect((await api.request('PATCH', 'Blogs/7', { Name: 'ann' })).status).toBe(500);
  });

  test('removes a row, and counts what it removed itself', async () => {
    api.answer = () => ({ columns: { changed: 'bit' }, rows: [[true]] });
    const removed = await api.request('DELETE', 'Blogs/7');
    expect(removed.status).toBe(204);
    expect(removed.statement).toBe(
      `${declared}delete from [dbo].[Blogs] output 1, deleted.[BlogId] into @changed where ${tenant} and [BlogId] = @p1;\nselect [changed] from @changed`,
    );
    api.answer = () => ({ columns: { changed: 'bit' }, rows: [] });
    expect((await api.request('DELETE', 'Blogs/8')).status).toBe(404);
  });
});

describe('the data API over a table whose key has several types', () => {
  test('compares each value in the type of its column', async () => {
    await using api = await ScriptedDataApi.start('Lines', [
      { name: 'TenantId', type: 'int', keyPosition: 1, storedAs: 'int' },
      { name: 'Code', type: 'varchar(20)', maximumLength: 20, keyPosition: 2, storedAs: 'varchar(20) COLLATE Polish_CI_AS' },
      { name: 'Guid', type: 'uniqueidentifier', keyPosition: 3, storedAs: 'uniqueidentifier' },
      { name: 'Price', type: 'decimal(10,2)', precision: 10, scale: 2, keyPosition: 4, storedAs: 'decimal(10,2)' },
      { name: 'Day', type: 'date', keyPosition: 5, storedAs: 'date' },
    ]);
    const key = 'a%C5%81,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,1.50,2026-11-21';
    const removed = await api.request('DELETE', `Lines/${key}`);
    const code =
      'case when cast(cast(@p1 collate Polish_CI_AS as varchar(20)) as nvarchar(4000)) collate Latin1_General_100_BIN2 = @p1 collate Latin1_General_100_BIN2 then cast(@p1 collate Polish_CI_AS as varchar(20)) end';
    expect(removed.statement).toBe(
      `delete from [dbo].[Lines] where ${tenant} and [Code] = ${code} and [Guid] = try_cast(@p2 as uniqueidentifier) and [Price] = try_cast(@p3 as decimal(10,2)) and [Day] = try_cast(@p4 as date)`,
    );
    expect(removed.parameters.map(([, value]) => value)).toEqual(['aŁ', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '1.50', '2026-11-21']);
  });
});

describe('the data API over procedures of SQL Server', () => {
  let api: ScriptedDataApi;

  beforeAll(async () => {
    const columns = [
      { name: 'TenantId', type: 'int', keyPosition: 1, hasDefault: true },
      { name: 'BlogId', type: 'int', keyPosition: 2 },
    ] as const;
    api = await ScriptedDataApi.start('Blogs', columns, false, {
      Close: {
        parameters: {
          Id: 'int64',
          Note: { type: 'text', required: false, nullable: true },
          Icon: { type: 'bytes', required: false, nullable: true },
        },
        returns: 'nothing',
      },
      'sales.Top ]Sales': {
        parameters: { Most: 'int32' },
        returns: { rows: { Id: 'int64', Sum: { type: 'decimal', precision: 18, scale: 4 }, At: 'instant', Name: 'text' } },
        readOnly: true,
      },
      Whole: { returns: 'json' },
    });
  });
  afterAll(async () => await api[Symbol.asyncDispose]());

  test('calls by name, with typed values; null is written out, and what is left out is not there', async () => {
    api.answer = () => ({ count: 3 });
    const whole = await api.request('POST', 'procedures/Close', { Icon: 'AQI=', Note: 'x', Id: '9007199254740993' });
    expect([whole.status, whole.body]).toEqual([204, undefined]);
    expect(whole.statement).toBe('exec [dbo].[Close] @Id = @p1, @Note = @p2, @Icon = @p3');
    expect(whole.parameters).toEqual([
      ['nvarchar(40)', '9007199254740993'],
      ['nvarchar(40)', 'x'],
      ['varbinary(16)', Buffer.from([1, 2])],
    ]);
    const least = await api.request('POST', 'procedures/Close', { Id: 7, Icon: null });
    expect([least.status, least.statement]).toEqual([204, 'exec [dbo].[Close] @Id = @p1, @Icon = null']);
    expect(least.parameters).toEqual([['nvarchar(40)', '7']]);
  });

  test('answers rows through a table variable of their types, in their order, with every digit', async () => {
    api.answer = () => ({
      columns: { Id: 'bigint', Sum: 'nvarchar(64)', At: 'nvarchar(64)', Name: 'nvarchar(200)' },
      rows: [[7n, '12.5000', '2026-11-21 13:05:21.1234567', 'Ann']],
    });
    const { status, body, statement } = await api.request('POST', 'procedures/sales.Top%20%5DSales', { Most: 3 });
    expect([status, body]).toEqual([200, { data: [{ Id: '7', Sum: '12.5000', At: '2026-11-21T13:05:21.1234567Z', Name: 'Ann' }] }]);
    expect(statement).toBe(
      'declare @answer table ([$row] bigint identity primary key, [Id] bigint null, [Sum] decimal(18, 4) null, [At] datetimeoffset(7) null, [Name] nvarchar(max) null);\n' +
        'insert @answer ([Id], [Sum], [At], [Name]) exec [sales].[Top ]]Sales] @Most = @p1;\n' +
        "select [r].[Id], convert(varchar(64), [r].[Sum], 2) as [Sum], replace(convert(varchar(64), [r].[At] at time zone 'UTC', 126), 'T', ' ') as [At], [r].[Name] from @answer as [r] order by [r].[$row]",
    );
  });

  test('puts a document together that comes in parts, and answers null where there is none', async () => {
    const columns = { 'JSON_F52E2B61-18A1-11d1-B105-00805F49916B': 'nvarchar(4000)' } as const;
    api.answer = () => ({ columns, rows: [['[{"Id":1,"Na'], ['me":"Ann"}]']] });
    const { status, body, statement } = await api.request('POST', 'procedures/Whole');
    expect([status, body, statement]).toEqual([200, [{ Id: 1, Name: 'Ann' }], 'exec [dbo].[Whole] ']);
    api.answer = () => ({ columns, rows: [] });
    expect((await api.request('POST', 'procedures/Whole')).body).toBeNull();
    api.answer = () => ({ columns, rows: [['no document']] });
    const wrong = await api.request('POST', 'procedures/Whole');
    expect([wrong.status, wrong.body]).toMatchObject([500, { code: 'INTERNAL' }]);
    expect(JSON.stringify(wrong.body)).not.toContain('no document');
  });

  test('tells what a procedure throws as a broken rule, and nothing of its words', async () => {
    api.answer = () => ({ error: { number: 50_000, message: 'hidden-words' }, fatal: true });
    const thrown = await api.request('POST', 'procedures/Whole');
    expect([thrown.status, thrown.body]).toMatchObject([422, { code: 'CONSTRAINT_VIOLATION' }]);
    expect(JSON.stringify(thrown.body)).not.toContain('hidden');
  });
});
