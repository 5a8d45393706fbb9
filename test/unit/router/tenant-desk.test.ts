import { expect, it } from 'vitest';
import { tenantKey } from '../../../shardmap/key.ts';
import { defaultRouterLimits } from '../../../src/router/limits.ts';
import { TenantDesk } from '../../../src/router/tenant-desk.ts';
import { FakeClock } from '../../support/fake-clock.ts';

it('a desk keeps its tenant when the caller writes other bytes over the id', () => {
  const id = Uint8Array.of(1, 2, 3);
  const desk = new TenantDesk(id, tenantKey('bytes', id), {
    clock: new FakeClock(),
    limits: defaultRouterLimits,
    capabilities: [() => new Uint8Array(16)],
  });
  id.fill(9);
  expect(desk.id).toEqual(Uint8Array.of(1, 2, 3));
  expect(desk.entry({ mappingId: 1, shardId: 'a', epoch: 1 }).key).toEqual(Uint8Array.of(1, 2, 3));
});
