import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ContextSetting } from '../../../src/config.ts';
import type { ContextTypes } from '../../../src/core/context-values.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { createHttpShard, httpTables, type HttpShard } from '../../support/http-shard.ts';
import { startHttpService, type HttpService } from '../../support/http-service.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';
import { TestIssuer } from '../../support/test-issuer.ts';

const context: readonly ContextSetting[] = [
  { name: 'userId', type: 'string', claim: 'sub' },
  { name: 'roles', type: 'strings', claim: 'roles' },
];
const types: ContextTypes = new Map(context.map(({ name, type }) => [name, type]));
/** Whose a blog is, its name says; an admin of the tenant sees them all. */
const ownersOnly = `
  create policy own on "Blogs" as restrictive for all to tenantry_app
    using ("Name" = (select tenantry.context_value('userId')) or 'admin' = any ((select tenantry.context_list('roles'))::text[]))`;

let postgres: PostgresServer;
let ground: HttpShard;
let issuer: TestIssuer;
let service: HttpService;
beforeAll(async () => {
  postgres = await startPostgres();
  ground = await createHttpShard(postgres, 'context', types);
  issuer = await new TestIssuer('https://issuer.test').start();
  service = await startHttpService({
    router: ground.router,
    keyType: 'int',
    issuers: [issuer.settings()],
    context,
    catalog: ground.shard.admin,
    tableSettings: httpTables,
  });
  await ground.shard.admin.query(sqlText(ownersOnly));
});
afterAll(async () => {
  await service?.server.stop();
  await issuer?.stop();
  await ground?.close();
  await postgres?.stop();
});

async function call(claims: Record<string, unknown>, method = 'GET', body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${service.url}/v1/Blogs`, {
    method,
    headers: {
      authorization: `Bearer ${await issuer.token(claims)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

it('policies that go by the caller’s token show each caller of one tenant its own rows', async () => {
  const [ann, eve, nobody, admin] = [
    { tenant: 1, sub: 'ann' },
    { tenant: 1, sub: 'eve', roles: ['guest'] },
    { tenant: 1, sub: undefined },
    { tenant: 1, sub: 'root', roles: ['guest', 'admin'] },
  ];
  expect((await call(ann, 'POST', { BlogId: 1, Name: 'ann' })).status).toBe(201);
  expect((await call(eve, 'POST', { BlogId: 2, Name: 'eve' })).status).toBe(201);
  // The policy speaks of what may be written as of what may be read.
  expect((await call(eve, 'POST', { BlogId: 3, Name: 'ann' })).status).toBe(403);
  expect((await call(nobody, 'POST', { BlogId: 3, Name: 'ann' })).status).toBe(403);
  const blogs = async (claims: Record<string, unknown>): Promise<unknown> => ((await call(claims)).body as { data: unknown }).data;
  const [ofAnn, ofEve] = [
    { BlogId: 1, Name: 'ann' },
    { BlogId: 2, Name: 'eve' },
  ];
  expect(await blogs(ann)).toEqual([ofAnn]);
  expect(await blogs(eve)).toEqual([ofEve]);
  expect(await blogs(nobody)).toEqual([]);
  expect(await blogs(admin)).toEqual([ofAnn, ofEve]);
  expect(await blogs({ ...admin, tenant: 2 })).toEqual([]);
});

it('a claim that is not of its type is no token', async () => {
  const refused = await call({ tenant: 1, sub: 'ann', roles: { admin: true } });
  expect(refused).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
});
