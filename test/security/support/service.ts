import { startHttpService, type HttpService } from '../../support/http-service.ts';
import type { TestIssuer } from '../../support/test-issuer.ts';
import type { IssuerSettings } from '../../../src/config.ts';
import { routerOf } from './traffic.ts';
import { routedTables, type World } from './world.ts';

/** Signs and checks the cursors of `withService`. */
export const signingKey = new Uint8Array(32).fill(5);

/** The HTTP service over a world's shard while `use` runs. */
export async function withService<T>(
  world: World,
  issuers: readonly IssuerSettings[],
  use: (service: HttpService) => Promise<T>,
): Promise<T> {
  const router = await routerOf(world);
  const service = await startHttpService({
    router,
    keyType: 'int',
    issuers,
    catalog: world.admin,
    tableSettings: routedTables,
    cursorKeys: [signingKey],
  });
  try {
    return await use(service);
  } finally {
    await service.server.stop();
    await router.close();
  }
}

/** An Authorization header with a right token of a tenant. */
export async function tokenHeader(issuer: TestIssuer, tenant: number): Promise<{ readonly authorization: string }> {
  return { authorization: `Bearer ${await issuer.token({ tenant: String(tenant) })}` };
}
