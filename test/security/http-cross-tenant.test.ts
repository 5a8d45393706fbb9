import { afterAll, beforeAll } from 'vitest';
import { formatCursor } from '../../src/http/tables/cursor.ts';
import { describeTables, joinTables } from '../../src/http/tables/table-catalog.ts';
import { postgresDialect } from '../../src/engine/postgres/postgres-dialect.ts';
import { tenantKey } from '../../shardmap/key.ts';
import { TestIssuer } from '../support/test-issuer.ts';
import { defences } from './defences.ts';
import { describeAttacks, succeeded, type Attack } from './support/attack.ts';
import { signingKey, tokenHeader, withService } from './support/service.ts';
import { routedTables, type World } from './support/world.ts';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await new TestIssuer('https://issuer.test').start();
});
afterAll(() => issuer.stop());

/** A request with tenant 1's token to the service over the world's shard, and its answer. */
const request =
  (method: string, path: string, body?: unknown): Attack =>
  (world) =>
    withService(world, [issuer.settings()], async (service) => {
      const headers = { ...(await tokenHeader(issuer, 1)), 'content-type': 'application/json' };
      const send = (to: string, init?: RequestInit): Promise<Response> => fetch(`${service.url}${to}`, { ...init, headers });
      const first = await send('/v1/Blogs/1');
      if (first.status !== 200) throw new Error(`The service answered ${first.status} to tenant 1's own row.`);
      await world.onceConnected();
      const answer = await send(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      return { status: answer.status, body: await answer.text(), log: service.logText() };
    });

/** Goes on in tenant 1's name where tenant 2's list had ended; harm is done where that is answered. */
const cursorOfAnother: Attack = (world) =>
  withService(world, [issuer.settings()], async (service) => {
    const list = async (tenant: number, query: string): Promise<Response> =>
      fetch(`${service.url}/v1/Blogs?limit=2${query}`, { headers: await tokenHeader(issuer, tenant) });
    const { next } = (await (await list(2, '')).json()) as { next: string };
    const cursor = world.careless ? await boundToTenant1(world, next) : next;
    const answer = await list(1, `&cursor=${cursor}`);
    return answer.status === 200 ? succeeded : await answer.text();
  });

/** What a service does that does not look whose cursor it is: takes the place in it for the caller's. */
async function boundToTenant1(world: World, cursor: string): Promise<string> {
  const { tables } = joinTables(routedTables, [await describeTables(world.admin, postgresDialect, routedTables)]);
  const place = JSON.parse(Buffer.from(cursor, 'base64url').subarray(16).toString()) as string[];
  const caller = { tenant: tenantKey('int', 1), tenantId: 1, issuer: issuer.issuer, subject: 'ann', context: {} };
  return formatCursor([signingKey], tables.get('Blogs')!, caller, place);
}

describeAttacks(
  'The rows of another tenant over HTTP',
  {
    'listing rows': request('GET', '/v1/Blogs'),
    'one row by its key': request('GET', '/v1/Blogs/7'),
    'changing a row': request('PATCH', '/v1/Blogs/7', { Name: 'defaced' }),
    'deleting a row': request('DELETE', '/v1/Blogs/7'),
    'the cursor of another tenant': cursorOfAnother,
  },
  defences['over HTTP'],
);
