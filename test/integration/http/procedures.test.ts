import { describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { useHttpRows } from '../../support/http-rows.ts';

const all = {
  Small: 'int16',
  Whole: 'int32',
  Big: 'int64',
  Money: { type: 'decimal', precision: 20, scale: 4 },
  Double: 'float64',
  Flag: 'boolean',
  Short: { type: 'text', maximumLength: 5 },
  Guid: 'uuid',
  Raw: 'bytes',
  Day: 'date',
  Clock: 'time',
  Moment: 'instant',
} as const;

const api = useHttpRows({
  definitions: `
    create function "AddBlog"("BlogId" integer, "Name" text default 'untitled') returns void language sql as $$
      insert into "Blogs" ("BlogId", "Name") values ($1, $2) $$;
    create function "FindBlogs"("From" integer) returns table ("BlogId" integer, "Name" text, "Tenant" integer) language sql stable as $$
      select b."BlogId", b."Name", b."TenantId" from "Blogs" b where b."BlogId" >= $1 order by b."BlogId" desc $$;
    create function "BlogsAsJson"() returns jsonb language sql stable as $$
      select jsonb_build_object('big', 9007199254740993, 'names', (select jsonb_agg(b."Name" order by b."BlogId") from "Blogs" b)) $$;
    create function "NoJson"() returns jsonb language sql stable as 'select null::jsonb';
    create function "Same"("Small" smallint, "Whole" integer, "Big" bigint, "Money" numeric, "Double" double precision, "Flag" boolean,
                           "Short" varchar, "Guid" uuid, "Raw" bytea, "Day" date, "Clock" time, "Moment" timestamptz)
      returns table ("Small" smallint, "Whole" integer, "Big" bigint, "Money" numeric, "Double" double precision, "Flag" boolean,
                     "Short" varchar, "Guid" uuid, "Raw" bytea, "Day" date, "Clock" time, "Moment" timestamptz)
      language sql immutable as 'select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12';
    create function "MoodOf"("Mood" "Mood", "Doc" jsonb) returns jsonb language sql immutable as $$ select jsonb_build_object('mood', $1, 'doc', $2) $$;
    create function "Refuse"() returns void language plpgsql as $$ begin raise exception 'secret row'; end $$;
    create function "Divide"("By" integer) returns jsonb language sql stable as 'select to_jsonb(1 / $1)';
    create function "WriteThough"() returns void language sql as $$ insert into "Blogs" ("BlogId", "Name") values (99, 'sly') $$;
    create function "Whose"("Of" integer) returns void language sql as $$ insert into "Blogs" ("TenantId", "BlogId", "Name") values ($1, 50, 'x') $$;
    create function "Wait"() returns void language sql as 'select pg_sleep(30)';
    create procedure "Rename"("BlogId" integer, "Name" text) language sql as $$ update "Blogs" set "Name" = $2 where "Blogs"."BlogId" = $1 $$;
    create procedure "Commits"() language plpgsql as $$ begin
      insert into "Blogs" ("BlogId", "Name") values (60, 'first'); commit; insert into "Blogs" ("BlogId", "Name") values (61, 'second'); end $$;
    create schema "sales";
    grant usage on schema "sales" to tenantry_app;
    create function "sales"."Quoted ""name"""() returns jsonb language sql immutable as $$ select '"of sales"'::jsonb $$;
    revoke execute on all functions in schema public from public;
    grant execute on all routines in schema public, "sales" to tenantry_app;
  `,
  procedures: {
    AddBlog: { parameters: { BlogId: 'int32', Name: { type: 'text', required: false } }, returns: 'nothing' },
    FindBlogs: { parameters: { From: 'int32' }, returns: { rows: { Name: 'text', BlogId: 'int32' } }, readOnly: true },
    BlogsAsJson: { returns: 'json', readOnly: true },
    NoJson: { returns: 'json', readOnly: true },
    Same: {
      parameters: { ...all, Big: { type: 'int64', nullable: true }, Raw: { type: 'bytes', nullable: true } },
      returns: { rows: all },
      readOnly: true,
    },
    MoodOf: { parameters: { Mood: 'text', Doc: 'json' }, returns: 'json', readOnly: true },
    Refuse: { returns: 'nothing' },
    Divide: { parameters: { By: 'int32' }, returns: 'json', readOnly: true },
    WriteThough: { returns: 'nothing', readOnly: true },
    Whose: { parameters: { Of: 'int32' }, returns: 'nothing' },
    Wait: { returns: 'nothing' },
    Rename: { parameters: { BlogId: 'int32', Name: 'text' }, returns: 'nothing' },
    Commits: { returns: 'nothing' },
    'sales.Quoted "name"': { returns: 'json', readOnly: true },
  },
});

const call = (name: string, body?: unknown, as: 'one' | 'two' = 'one') =>
  api.call('POST', `/v1/procedures/${encodeURIComponent(name)}`, { as, body });

const blogsOf = async (as: 'one' | 'two'): Promise<unknown> => (await api.call('GET', '/v1/Blogs', { as })).body.data;

describe('a procedure', () => {
  it("writes and answers rows of the caller's tenant alone", async () => {
    const added = await call('AddBlog', { BlogId: 1, Name: 'Ann' });
    expect([added.status, added.body]).toEqual([204, undefined]);
    expect((await call('AddBlog', { BlogId: 2 })).status).toBe(204);
    expect((await call('AddBlog', { BlogId: 2, Name: 'Bea' }, 'two')).status).toBe(204);
    const rows = await call('FindBlogs', { From: 1 });
    expect([rows.status, rows.headers.get('content-type'), rows.body]).toEqual([
      200,
      'application/json',
      {
        data: [
          { Name: 'untitled', BlogId: 2 },
          { Name: 'Ann', BlogId: 1 },
        ],
      },
    ]);
    expect((await call('FindBlogs', { From: 1 }, 'two')).body.data).toEqual([{ Name: 'Bea', BlogId: 2 }]);
    expect((await call('BlogsAsJson', {}, 'two')).body).toEqual({ big: Number('9007199254740993'), names: ['Bea'] });
  });

  it('cannot write rows of another tenant', async () => {
    const { status, body } = await call('Whose', { Of: 2 });
    expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
    expect([await blogsOf('one'), await blogsOf('two')]).toEqual([[], []]);
    expect((await call('Whose', { Of: 1 })).status).toBe(204);
  });

  it('answers a document as the database wrote it, with every digit', async () => {
    const response = await fetch(`${api.service.url}/v1/procedures/BlogsAsJson`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.tokens.one}` },
    });
    expect(await response.text()).toBe('{"big": 9007199254740993, "names": null}');
    expect((await call('NoJson')).body).toBeNull();
    expect((await call('sales.Quoted "name"')).body).toBe('of sales');
  });

  it('takes and gives values of every kind as those of tables travel', async () => {
    const values = {
      Small: -32_768,
      Whole: 7,
      Big: '9223372036854775807',
      Money: '1234567890123456.7890',
      Double: 0.1,
      Flag: true,
      Short: 'ab\u{1F600}',
      Guid: 'aaaaaaaa-0000-4000-8000-000000000001',
      Raw: 'AP8=',
      Day: '2026-02-28',
      Clock: '23:59:59.123456',
      Moment: '2026-02-28T12:00:00.123456Z',
    };
    expect((await call('Same', values)).body.data).toEqual([values]);
    expect((await call('Same', { ...values, Big: null, Raw: null })).body.data).toEqual([{ ...values, Big: null, Raw: null }]);
    expect((await call('MoodOf', { Mood: 'calm', Doc: { a: [1, 'b'] } })).body).toEqual({ mood: 'calm', doc: { a: [1, 'b'] } });
  });

  it('that is one to PostgreSQL, too, is called', async () => {
    await call('AddBlog', { BlogId: 1, Name: 'Ann' });
    expect((await call('Rename', { BlogId: 1, Name: 'Eve' })).status).toBe(204);
    expect(await blogsOf('one')).toEqual([{ BlogId: 1, Name: 'Eve' }]);
  });
});

describe('a call whose answer is lost', () => {
  const loseAnswer = (): Promise<unknown> =>
    api.proxy.once({
      when: 'before',
      match: ({ side, type }) => side === 'backend' && type === 'Z',
      action: (connection) => connection.cut(),
    });

  it('is of unknown end where it writes, and done once; one that only reads is repeated', async () => {
    expect((await call('AddBlog', { BlogId: 1, Name: 'Ann' })).status).toBe(204);
    let lost = loseAnswer();
    const { status, body } = await call('AddBlog', { BlogId: 2, Name: 'Bea' });
    await lost;
    expect([status, body.code]).toEqual([500, 'COMMIT_UNKNOWN']);
    expect((await call('BlogsAsJson')).body['names']).toEqual(['Ann', 'Bea']);
    lost = loseAnswer();
    const read = await call('BlogsAsJson');
    await lost;
    expect([read.status, read.body['names']]).toEqual([200, ['Ann', 'Bea']]);
  });
});

describe('a call is refused', () => {
  it('with every problem of its body and its pointer, before anything is run', async () => {
    const { status, body } = await call('AddBlog', { BlogId: 'secret-5', 'a/b': 1, TenantId: 2, Name: null });
    expect([status, body.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(body.errors).toEqual([
      { in: 'body', pointer: '/a~1b', detail: 'is no parameter of AddBlog; there are BlogId, Name' },
      { in: 'body', pointer: '/TenantId', detail: 'is no parameter of AddBlog' },
      { in: 'body', pointer: '/BlogId', detail: 'must be a whole number from -2147483648 to 2147483647' },
      { in: 'body', pointer: '/Name', detail: 'must not be null' },
    ]);
    expect(JSON.stringify(body)).not.toContain('secret-5');
    expect((await call('AddBlog')).body.errors).toEqual([
      { in: 'body', pointer: '/BlogId', detail: 'is missing; it must be a whole number from -2147483648 to 2147483647' },
    ]);
    expect((await call('BlogsAsJson', { x: 1 })).body.errors[0]?.detail).toBe('is no parameter of BlogsAsJson; it has none');
    expect((await call('AddBlog', [1])).body.errors[0]?.detail).toBe('must be a JSON object of parameters and values');
    expect(await blogsOf('one')).toEqual([]);
  });

  it('by size, by type, by method and by name', async () => {
    const large = await call('AddBlog', { BlogId: 1, Name: 'x'.repeat(70_000) });
    expect([large.status, large.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    const text = await api.call('POST', '/v1/procedures/AddBlog', { text: '{"BlogId":1}', headers: { 'content-type': 'text/plain' } });
    expect(text.status).toBe(415);
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const { status, headers } = await api.call(method, '/v1/procedures/AddBlog');
      expect([method, status, headers.get('allow')]).toEqual([method, 405, 'POST']);
    }
    for (const name of ['pg_sleep', 'addblog', 'public.AddBlog', 'AddBlog"()', '__proto__', 'Quoted "name"'])
      expect([name, (await call(name, {})).status]).toEqual([name, 404]);
    const nobody = await fetch(`${api.service.url}/v1/procedures/AddBlog`, { method: 'POST' });
    expect(nobody.status).toBe(401);
    expect(await blogsOf('one')).toEqual([]);
  });

  it('by the rules of the database, without a word of what it says', async () => {
    await call('AddBlog', { BlogId: 1 });
    expect((await call('AddBlog', { BlogId: 1 })).body.code).toBe('CONFLICT');
    const refused = await call('Refuse');
    expect([refused.status, refused.body.code]).toEqual([422, 'CONSTRAINT_VIOLATION']);
    const divided = await call('Divide', { By: 0 });
    expect([divided.status, divided.body.code]).toEqual([500, 'INTERNAL']);
    expect(JSON.stringify([refused.body, divided.body, api.service.log()])).not.toContain('secret row');
  });

  it('where it would write although it is said only to read', async () => {
    const { status, body } = await call('WriteThough');
    expect([status, body.code]).toEqual([500, 'INTERNAL']);
    expect(await blogsOf('one')).toEqual([]);
  });

  it('where it would end its transaction: nothing of it stays, and the next call is served', async () => {
    const { status, body } = await call('Commits');
    expect([status, body.code]).toEqual([500, 'INTERNAL']);
    expect(await blogsOf('one')).toEqual([]);
    expect((await call('AddBlog', { BlogId: 3 })).status).toBe(204);
    expect(await blogsOf('one')).toEqual([{ BlogId: 3, Name: 'untitled' }]);
  });

  it('by its caller, who hangs up: the statement is ended on the server', async () => {
    const running = sqlText(
      `select count(*)::integer as "count" from pg_stat_activity where query like '%"Wait"%' and state = 'active' and pid <> pg_backend_pid()`,
    );
    const count = async (): Promise<unknown> => (await api.ground.shard.root.query(running)).rows[0]?.['count'];
    const caller = new AbortController();
    const answer = fetch(`${api.service.url}/v1/procedures/Wait`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.tokens.one}` },
      signal: caller.signal,
    }).catch((error: unknown) => (error as Error).name);
    await expect.poll(count).toBe(1);
    caller.abort();
    expect(await answer).toBe('AbortError');
    await expect.poll(count).toBe(0);
  });
});
