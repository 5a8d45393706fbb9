import { afterAll, beforeAll } from 'vitest';
import { startHttpService } from '../support/http-service.ts';
import { TestIssuer } from '../support/test-issuer.ts';
import { defences } from './defences.ts';
import { describeAttacks, type Attack } from './support/attack.ts';
import { routerOf } from './support/traffic.ts';
import { routedTables } from './support/world.ts';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await new TestIssuer('https://issuer.test').start();
});
afterAll(() => issuer.stop());

/** A request with tenant 1's token to the service over the world's shard, and its answer. */
const request =
  (method: string, path: string, body?: unknown): Attack =>
  async (world) => {
    const router = await routerOf(world);
    const service = await startHttpService({
      router,
      keyType: 'int',
      issuers: [issuer.settings()],
      catalog: world.admin,
      tableSettings: routedTables,
    });
    try {
      const authorization = `Bearer ${await issuer.token({ tenant: '1' })}`;
      const send = (to: string, init?: RequestInit): Promise<Response> =>
        fetch(`${service.url}${to}`, { ...init, headers: { authorization, 'content-type': 'application/json' } });
      const first = await send('/v1/Blogs/1');
      if (first.status !== 200) throw new Error(`The service answered ${first.status} to tenant 1's own row.`);
      await world.onceConnected();
      const answer = await send(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      return { status: answer.status, body: await answer.text(), log: service.logText() };
    } finally {
      await service.server.stop();
      await router.close();
    }
  };

describeAttacks(
  'The rows of another tenant over HTTP',
  {
    'listing rows': request('GET', '/v1/Blogs'),
    'one row by its key': request('GET', '/v1/Blogs/7'),
    'changing a row': request('PATCH', '/v1/Blogs/7', { Name: 'defaced' }),
    'deleting a row': request('DELETE', '/v1/Blogs/7'),
  },
  defences['over HTTP'],
);
