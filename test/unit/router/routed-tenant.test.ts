import { expect, it } from 'vitest';
import { tenantKey } from '../../../shardmap/key.ts';
import { defaultRouterLimits } from '../../../src/router/limits.ts';
import { RoutedTenant } from '../../../src/router/routed-tenant.ts';
import { FakeClock } from '../../support/fake-clock.ts';

it('a tenant keeps its id when the caller writes other bytes over the id', () => {
  const id = Uint8Array.of(1, 2, 3);
  const tenant = new RoutedTenant(id, tenantKey('bytes', id), {
    clock: new FakeClock(),
    limits: defaultRouterLimits,
    tokens: [() => new Uint8Array(16)],
  });
  id.fill(9);
  expect(tenant.id).toEqual(Uint8Array.of(1, 2, 3));
  expect(tenant.entry({ mappingId: 1, shardId: 'a', epoch: 1 }).key).toEqual(Uint8Array.of(1, 2, 3));
});
