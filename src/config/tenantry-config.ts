import type { KeyType } from '../../shardmap/key.ts';
import type { ShardMapKind } from '../../shardmap/shard-map.ts';
import type { CapabilityName } from '../core/capability-settings.ts';
import type { ContextProtection } from '../core/context-protection.ts';
import type { ContextValueType } from '../core/context-values.ts';
import type { LimitName } from '../core/limits.ts';
import type { EngineName } from './database-url.ts';
import type { EnvReference, OptionalEnvReference } from './env-reference.ts';
import type { PolicyConfig } from './policy-config.ts';
import type { ProcedureConfig } from './procedure-config.ts';

/** Signature algorithms that an issuer may be pinned to. `HS…` needs a shared secret and stands alone. */
export type TokenAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'HS256'
  | 'HS384'
  | 'HS512';

/** How a login asks Entra ID for its token: SQL Server and Azure SQL, over `sslmode=strict` or `verify-full`. */
export type EntraConfig =
  /** What the machine offers: environment, workload identity, managed identity, a developer's own login. */
  | { readonly kind: 'default'; readonly clientId?: string | EnvReference | undefined }
  | {
      readonly kind: 'service-principal';
      readonly tenantId: string | EnvReference;
      readonly clientId: string | EnvReference;
      readonly clientSecret: EnvReference;
    }
  /** The machine's own identity; with a client id, one of those that were assigned to it. */
  | { readonly kind: 'managed-identity'; readonly clientId?: string | EnvReference | undefined }
  /** A token as it is, or a function that is asked for one for each connection: a token lasts about an hour. */
  | { readonly kind: 'token'; readonly token: EnvReference | (() => string | Promise<string>) };

/** Database user of one principal, with a password, `entra`, or both: servers that know Entra ID use `entra` then, others the password. */
export interface LoginConfig {
  /** Name of the user: text or `env('NAME')`. With `entra`: the name that the identity has in the database. */
  readonly user: string | EnvReference;
  /** A reference, never the password itself. */
  readonly password?: EnvReference | undefined;
  readonly entra?: EntraConfig | undefined;
}

/** Whose tokens are accepted, for which tenants. */
export interface IssuerConfig {
  /** The `iss` claim, compared exactly. */
  readonly issuer: string | EnvReference;
  /** The `aud` claim that a token must carry. */
  readonly audience: string | EnvReference;
  /** Address of the issuer's key set (https, or http on loopback). This or `key`. */
  readonly jwks?: string | EnvReference | undefined;
  /** A public key as PEM, or for `HS…` a secret as base64 of at least the hash's length. This or `jwks`. */
  readonly key?: EnvReference | undefined;
  /** The only algorithms accepted; `HS…` is not mixed with the others. */
  readonly algorithms: readonly TokenAlgorithm[];
  /** Name of the claim that holds the tenant id. Default `tenant`. */
  readonly tenantClaim?: string | undefined;
  /** Tenants that this issuer may speak for, in canonical form: `'*'` for all of them. */
  readonly tenants: '*' | readonly (string | number)[];
  /** `tenantry token mint` may sign with `key` (needs `HS…`); not for production. Default false. */
  readonly development?: boolean | undefined;
}

/** Bounds on what a process uses and on how long a caller waits: `docs/limits.md` has each with its default. */
export type LimitsConfig = { readonly [Name in LimitName]?: number | undefined };

/** Certificates of database servers, of catalog and shards. */
export interface TlsConfig {
  /**
   * The authorities that are believed instead of those that Node trusts: path of a file with certificates in PEM, or `env('NAME')` with
   * path or PEM.
   */
  readonly ca?: string | EnvReference | undefined;
  /** By the host of an address: the name that its certificate has instead. */
  readonly serverNames?: Readonly<Record<string, string>> | undefined;
}

/** Where `tenantry serve` listens. Port 0 takes a free one. */
export interface HttpConfig {
  /** Host of the data API. Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Port of the data API. Default 8080. */
  readonly port?: number | undefined;
  /** Host of `/livez`, `/readyz` and `/metrics`. Default `127.0.0.1`. */
  readonly opsHost?: string | undefined;
  /** Port of `/livez`, `/readyz` and `/metrics`. Default 9090. */
  readonly opsPort?: number | undefined;
}

/** What becomes of a claim's text before a shard sees it: `sha256` is the hash of its UTF-8 in lower-case hexadecimal. */
export type ClaimTransform = 'sha256';

/** A value besides the tenant that calls bring, and policies go by. */
export interface ContextConfig {
  /** `strings` is a list of texts, such as roles. */
  readonly type: ContextValueType;
  /** The claim of a token that the data API takes it from. Default: the data API brings none. */
  readonly claim?: string | undefined;
  /** Of a claim alone, and of the types `string` and `strings`. Default: as it is. */
  readonly transform?: ClaimTransform | undefined;
}

/** A table whose rows are tenants', each by its tenant column. */
export interface TenantTableConfig {
  readonly tenant: string;
  /**
   * The table whose rows these belong to, and by which of the columns here they name its: `{ table: 'Projects', columns: { ProjectId: 'Id'
   * } }`.
   */
  readonly parent?: { readonly table: string; readonly columns: Readonly<Record<string, string>> } | undefined;
  /**
   * Values of the row that `policy verify` makes up to try what a tenant may, where a constraint wants them of a kind that it cannot guess.
   */
  readonly sample?: Readonly<Record<string, string | number | boolean | null>> | undefined;
}

/** Who is told of a shard that may serve nobody because of what protects its tenants, and of the end of that. */
export interface WebhookConfig {
  /** https, or http on loopback. */
  readonly url: string | EnvReference;
  /** `whsec_` and base64 of 24 to 64 random bytes: notices are signed as Standard Webhooks has it. Default: they are not. */
  readonly secret?: EnvReference | undefined;
}

/** What may stay on shards for a while although it is not as the configuration, or what was accepted, has it: docs/protection.md. */
export interface DriftConfig {
  /** Names of shards; `'*'` for all of them. */
  readonly shards: '*' | readonly string[];
  /** As `policy apply` and `doctor` name it: `public.Blogs: rights of tenantry_mover`, `view public.totals`. */
  readonly object: string;
  readonly reason: string;
  /** The last day, in UTC: `'2027-01-31'`. */
  readonly until: string;
}

/** What `tenantry.config.ts` holds. Secrets are references to the environment: `env('NAME')`. */
export interface TenantryConfig {
  /**
   * The database that holds the global shard map; `url` is `postgres://user:password@host:port/database?sslmode=…`. With `entra` it
   * has a user and no password.
   */
  readonly catalog: { readonly engine: EngineName; readonly url: EnvReference; readonly entra?: EntraConfig | undefined };
  /** The second cache, shared by processes: `redis://…` or `rediss://…`. Left out or unset: none. */
  readonly redis?: { readonly url: EnvReference | OptionalEnvReference } | undefined;
  /**
   * Base64 of 32 bytes each. The tokens of mappings are made from `current`; `previous` is honoured while keys are rotated. Default:
   * `env('TENANTRY_FLEET_KEY')` and `env.optional('TENANTRY_FLEET_KEY_PREVIOUS')`.
   */
  readonly fleetKey?: { readonly current: EnvReference; readonly previous?: EnvReference | OptionalEnvReference | undefined } | undefined;
  /** The one shard map this configuration routes by. */
  readonly map: {
    readonly name: string;
    readonly kind: ShardMapKind;
    /** Type of the tenant ids. */
    readonly key: KeyType;
    /** Name of the tenant in a shard's session and in messages, such as `TenantId`. */
    readonly context: string;
  };
  /** The separate logins of every shard. */
  readonly logins: {
    /** Tenant traffic; owns nothing, bypasses nothing. */
    readonly app: LoginConfig;
    /** Reads across tenants. */
    readonly superuser: LoginConfig;
    /** Copies rows between shards. */
    readonly mover: LoginConfig;
    /** Applies schema and policies. */
    readonly admin: LoginConfig;
  };
  /**
   * The least that keeps the tenant of a transaction, and the form that new shards get. `guarded`: it is in a setting that tenant traffic
   * cannot change. `mac`: in an ordinary setting, with a code that only the shard can make, for servers of PostgreSQL whose owner may not
   * grant the other; SQL Server's shards are guarded then as well. `plain`: in an ordinary setting without one. Default `guarded`.
   */
  readonly contextProtection?: ContextProtection | undefined;
  /**
   * Values besides the tenant that a call may bring, by the names that policies use: `userId`, `organisationKey`, `roles`. Shards keep
   * them as they keep the tenant. Default: none.
   */
  readonly context?: Readonly<Record<string, ContextConfig>> | undefined;
  /**
   * What the servers of shards can do, where what is found is not so, or what is to be done without: `docs/sql-server-operations.md`.
   * Default: as found.
   */
  readonly capabilities?: { readonly [Name in CapabilityName]?: boolean | undefined } | undefined;
  /**
   * Tables by exact-case name, with a schema where wanted (`dbo.Blogs`): with their tenant column, or `reference` for all tenants' tables.
   */
  readonly tables: Readonly<Record<string, TenantTableConfig | 'reference'>>;
  /** Policies beyond the tenant's, by a name of letters and digits. Default: none. */
  readonly policies?: Readonly<Record<string, PolicyConfig>> | undefined;
  /** Stored procedures that the data API exposes, by exact-case name, with a schema where wanted. Default: none. */
  readonly procedures?: Readonly<Record<string, ProcedureConfig>> | undefined;
  /** Which database servers are believed, where an address says `verify-full` or `strict`. */
  readonly tls?: TlsConfig | undefined;
  /** Who may call the HTTP API. */
  readonly auth?: { readonly issuers: readonly IssuerConfig[] } | undefined;
  readonly limits?: LimitsConfig | undefined;
  readonly http?: HttpConfig | undefined;
  readonly webhook?: WebhookConfig | undefined;
  /** Default: nothing may. */
  readonly drift?: readonly DriftConfig[] | undefined;
}
