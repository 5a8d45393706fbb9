import type { FleetKey } from '../../shardmap/mapping-token.ts';
import type { AcceptedDrift } from '../core/accepted-drift.ts';
import type { CapabilitySettings } from '../core/capability-settings.ts';
import type { ContextProtection } from '../core/context-protection.ts';
import type { ContextValueType } from '../core/context-values.ts';
import type { Limits } from '../core/limits.ts';
import type { ColumnPair, RowPolicy } from '../core/predicate.ts';
import type { Login, PrincipalName } from '../core/principal.ts';
import type { Procedure } from '../core/procedure.ts';
import type { ServerTrust } from '../core/server-trust.ts';
import type { CatalogAddress } from './database-url.ts';
import type { PolicySetting } from './policy-schema.ts';
import type { ClaimTransform, TenantryConfig, TokenAlgorithm } from './tenantry-config.ts';

/** How an issuer's signatures are checked. */
export type IssuerKeys =
  | { readonly kind: 'jwks'; readonly url: URL }
  /** Public key, SPKI in PEM. */
  | { readonly kind: 'public'; readonly pem: string }
  /** Shared secret of the `HS…` algorithms. */
  | { readonly kind: 'secret'; readonly secret: Uint8Array };

/** An issuer as validated: one family of algorithms, keys that fit it. */
export interface IssuerSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: IssuerKeys;
  readonly algorithms: readonly TokenAlgorithm[];
  readonly tenantClaim: string;
  /** Canonical texts of tenant ids, or `*`. */
  readonly tenants: '*' | ReadonlySet<string>;
  readonly development: boolean;
}

/** A configured table. */
export interface TableSettings {
  /** As written in the configuration: `Blogs`, `dbo.Blogs`. */
  readonly name: string;
  readonly schema?: string;
  readonly table: string;
  /** Undefined for a reference table. */
  readonly tenantColumn?: string;
  /** The table that its rows belong to, as `name` has it, and by which columns. */
  readonly parent?: { readonly table: string; readonly columns: readonly ColumnPair[] };
  /** Values of a made-up row, by column, where one must be of a kind that cannot be guessed. */
  readonly sample?: Readonly<Record<string, string | number | boolean | null>>;
  /** Besides the tenant's; undefined where there is none. */
  readonly policies?: readonly RowPolicy[];
  /** What the configuration says of its rows, as `policyModel` has it: there where there are policies. */
  readonly model?: string;
}

/** A value besides the tenant that a call may bring. */
export interface ContextSetting {
  readonly name: string;
  readonly type: ContextValueType;
  /** Where the data API takes it from; undefined: it brings none. */
  readonly claim?: string | undefined;
  readonly transform?: ClaimTransform | undefined;
}

/** What may stay on shards for a while although it is not as it must be. */
export interface DriftSetting extends AcceptedDrift {
  /** Names of shards; `*` for all of them. */
  readonly shards: '*' | readonly string[];
  /** The last day, `2027-01-31`. */
  readonly until: string;
}

/** Where drift of shards is told. */
export interface WebhookSettings {
  readonly url: URL;
  /** By which notices are signed; undefined: they are not. */
  readonly key?: Uint8Array;
}

/** The configuration as the program uses it: checked, defaults filled in, the environment's values read. Never printed. */
export interface Settings {
  readonly catalog: { readonly address: CatalogAddress; readonly login: Login };
  readonly redis?: { readonly url: string };
  readonly fleetKey: { readonly current: FleetKey; readonly previous?: FleetKey };
  readonly map: TenantryConfig['map'];
  readonly logins: Readonly<Record<PrincipalName, Login>>;
  readonly contextProtection: ContextProtection;
  readonly context: readonly ContextSetting[];
  /** Instead of what is found. */
  readonly capabilities: CapabilitySettings;
  readonly tables: readonly TableSettings[];
  /** As written, their files read; `tables` has them as they are used. */
  readonly policies: Readonly<Record<string, PolicySetting>>;
  /** What the data API lets its callers call. */
  readonly procedures: readonly Procedure[];
  /** Part of every login, too. */
  readonly tls?: ServerTrust;
  readonly auth: { readonly issuers: readonly IssuerSettings[] };
  readonly limits: Limits;
  readonly webhook?: WebhookSettings;
  readonly drift: readonly DriftSetting[];
  readonly http: { readonly host: string; readonly port: number; readonly opsHost: string; readonly opsPort: number };
}
