import type { ConnectionExpectations } from '../../src/engine/engine.ts';
import { signerOfTests } from './accepting.ts';

/** What a connection for tenants of a shard of the tests is checked against: one with Blogs, accepted by the fleet key that all tests have. */
export function expectationsOf(
  { shardId, incarnation }: Pick<ConnectionExpectations, 'shardId' | 'incarnation'>,
  others: Partial<Omit<ConnectionExpectations, 'shardId' | 'incarnation'>> = {},
): ConnectionExpectations {
  return {
    shardId,
    incarnation,
    signer: signerOfTests(shardId),
    tables: [{ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }],
    contextProtection: 'guarded',
    ...others,
  };
}
