import type { ContextValues } from '../../core/context-values.ts';
import type { TenantId, TenantKey } from '../../../shardmap/key.ts';

/** Who sent a request, as its token proves. */
export interface Caller {
  readonly tenant: TenantKey;
  /** What the router takes for the tenant. */
  readonly tenantId: TenantId;
  readonly issuer: string;
  /** The `sub` claim; undefined where the token has none. */
  readonly subject: string | undefined;
  /** What the token says that policies go by, besides the tenant. */
  readonly context: ContextValues;
}
