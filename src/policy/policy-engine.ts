import type { SqlDialect } from '../core/sql.ts';
import type { CapabilitiesOf } from '../engine/capabilities.ts';
import type { PolicyRenderer } from '../engine/policy-renderer.ts';

/** How an engine writes policies. */
export interface PolicyEngine {
  readonly renderer: PolicyRenderer;
  readonly dialect: SqlDialect;
  readonly capabilitiesOf: CapabilitiesOf;
}
