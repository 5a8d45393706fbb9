import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlText } from '../../src/core/sql.ts';
import { postgresCapabilities } from '../../src/engine/postgres/server-version.ts';
import { postgresDialect } from '../../src/engine/postgres/postgres-dialect.ts';
import { postgresPolicyRenderer } from '../../src/engine/postgres/policy-renderer.ts';
import { applyDespiteLeaks } from '../support/apply-despite-leaks.ts';
import { postgresPurgeStatements } from '../../src/engine/postgres/purge-statements.ts';
import { purgeRows } from '../../src/policy/purge.ts';
import { tenantKey } from '../../shardmap/key.ts';
import { createHttpShard, httpTables, type HttpShard } from '../support/http-shard.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { shardLogins } from '../support/shard-logins.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';
import { TestIssuer } from '../support/test-issuer.ts';
import { accepting } from '../support/accepting.ts';

const engine = { renderer: postgresPolicyRenderer, dialect: postgresDialect, capabilitiesOf: postgresCapabilities };
const blogs = [{ table: 'Blogs', tenantColumn: 'TenantId' }];

let postgres: PostgresServer;
let ground: HttpShard;
let issuer: TestIssuer;
let service: HttpService;
let authorization: string;

/** A table of the same name in a schema that every login's search path has first, and that nothing but rights protects. */
beforeAll(async () => {
  postgres = await startPostgres();
  ground = await createHttpShard(postgres, 'shadowed');
  const logins = Object.values(shardLogins).map(({ user }) => user);
  await ground.shard.root.query(
    sqlText(`create schema shadow;
      create table shadow."Blogs" ("TenantId" integer, "BlogId" bigint, "Name" text, "Extra" text);
      insert into shadow."Blogs" values (1, 1, 'of the shadow', '');
      insert into public."Blogs" values (1, 7, 'the right one');
      grant usage on schema shadow to public;
      grant all on shadow."Blogs" to public;
      alter table shadow."Blogs" owner to tenantry_admin;
      ${logins.map((login) => `alter role ${login} set search_path = shadow, public;`).join('\n')}
      alter database shadowed set search_path = shadow, public`),
  );
  issuer = await new TestIssuer('https://issuer.test').start();
  const { router } = ground;
  const issuers = [issuer.settings()];
  service = await startHttpService({ router, keyType: 'int', issuers, catalog: ground.shard.admin, tableSettings: httpTables });
  authorization = `Bearer ${await issuer.token({ tenant: '1' })}`;
});

afterAll(async () => {
  await service.server.stop();
  await issuer.stop();
  await ground.close();
  await postgres.stop();
});

async function call(method: string, path: string, body?: object): Promise<unknown> {
  const headers = { authorization, 'content-type': 'application/json' };
  const response = await fetch(`${service.url}/v1/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return text === '' ? response.status : (JSON.parse(text) as unknown);
}

async function rowsOf(schema: string): Promise<unknown[]> {
  return (await ground.shard.root.query(sqlText(`select "TenantId", "BlogId"::int as "BlogId", "Name" from ${schema}."Blogs" order by 2`)))
    .rows;
}

const shadow = [{ TenantId: 1, BlogId: 1, Name: 'of the shadow' }];

describe('a configured table without a schema, where another of its name stands earlier in the search path', () => {
  it('is the one of the default schema to the API, for its shape and for its rows', async () => {
    expect(await call('GET', 'Blogs')).toEqual({ data: [{ BlogId: 7, Name: 'the right one' }], next: null });
    expect(await call('POST', 'Blogs', { BlogId: 8, Name: 'new' })).toEqual({ BlogId: 8, Name: 'new' });
    expect(await call('PATCH', 'Blogs/8', { Name: 'changed' })).toEqual({ BlogId: 8, Name: 'changed' });
    expect(await call('DELETE', 'Blogs/7')).toBe(204);
    expect(await call('GET', 'Blogs/1')).toMatchObject({ code: 'NOT_FOUND' });
    expect(await rowsOf('public')).toEqual([{ TenantId: 1, BlogId: 8, Name: 'changed' }]);
    expect(await rowsOf('shadow')).toEqual(shadow);
  });

  it('alone has policies, and is all that they look at', async () => {
    await ground.shard.admin.query(sqlText('alter table public."Blogs" no force row level security'));
    const { changes } = await applyDespiteLeaks(ground.shard.admin, engine, {
      tables: blogs,
      procedures: [],
      accepting: accepting(ground.shard.shardId),
      keyType: 'int',
      dryRun: false,
    });
    expect(changes.filter(({ kind }) => kind !== 'accept').map(({ object, item }) => [object, item])).toEqual([
      ['public.Blogs', 'row security'],
    ]);
    const { rows } = await ground.shard.root.query(
      sqlText(
        `select relnamespace::regnamespace::text as schema, relforcerowsecurity as forced from pg_class where relname = 'Blogs' order by 1`,
      ),
    );
    expect(rows).toEqual([
      { schema: 'public', forced: true },
      { schema: 'shadow', forced: false },
    ]);
  });

  it('alone is emptied by a purge', async () => {
    await ground.shard.root.query(sqlText(`insert into public."Blogs" values (1, 100, 'to be purged') on conflict do nothing`));
    const keys = { kind: 'point', low: tenantKey('int', 1).bytes } as const;
    await purgeRows(
      ground.shard.admin,
      { ...engine, purging: postgresPurgeStatements },
      { tables: blogs, keyType: 'int', keys, limit: 100 },
    );
    expect(await rowsOf('public')).toEqual([]);
    expect(await rowsOf('shadow')).toEqual(shadow);
  });

  it('is refused when it is configured again with that schema', async () => {
    const twice = [...blogs, { schema: 'public', table: 'Blogs', tenantColumn: 'TenantId' }];
    await expect(
      applyDespiteLeaks(ground.shard.admin, engine, {
        tables: twice,
        procedures: [],
        accepting: accepting(ground.shard.shardId),
        keyType: 'int',
        dryRun: true,
      }),
    ).rejects.toThrow('Table public.Blogs is configured twice: with its schema and without.');
  });
});
