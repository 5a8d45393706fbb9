import { jwtVerify } from 'jose';
import type { Clock } from '../../core/clock.ts';
import { TenantryError } from '../../core/errors.ts';
import type { KeyType } from '../../../shardmap/key.ts';
import type { Caller } from './caller.ts';
import { keySource } from './issuer-keys.ts';
import type { KeySource } from './key-source.ts';
import type { ContextSetting, IssuerSettings } from '../../config.ts';
import { contextOfClaims } from './context-claims.ts';
import { tenantIdOf, tenantOfClaim } from './tenant-claim.ts';
import { readTokenParts, type TokenParts } from './token-parts.ts';

/** Seconds by which an issuer's clock may be ahead of ours; a token never outlives its `exp`. */
const clockToleranceSeconds = 5;

/** Header parameters by which a token would bring or name its own key, or ask for processing that we do not do. */
const refusedHeaders = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64'] as const;

/** A token that was checked, and what its being true depends on. */
export interface VerifiedToken {
  readonly caller: Caller;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
  readonly keys: KeySource;
  /** `keys.version` when the token was checked. */
  readonly keysVersion: number;
}

/** What a verifier needs from outside. */
export interface TokenVerifierOptions {
  readonly issuers: readonly IssuerSettings[];
  readonly keyType: KeyType;
  /** What a caller brings besides its tenant; default: nothing. */
  readonly context?: readonly ContextSetting[];
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly currentTimeMs: () => number;
  /** Hears which issuer's key set could not be fetched, and why. */
  readonly onKeysUnavailable: (issuer: string, cause: unknown) => void;
}

/** Checks tokens against the configured issuers. */
export class TokenVerifier {
  readonly #issuers: ReadonlyMap<string, { readonly settings: IssuerSettings; readonly keys: KeySource }>;
  readonly #keyType: KeyType;
  readonly #context: readonly ContextSetting[];
  readonly #currentTimeMs: () => number;

  constructor({ issuers, keyType, context = [], clock, currentTimeMs, onKeysUnavailable }: TokenVerifierOptions) {
    this.#keyType = keyType;
    this.#context = context;
    this.#currentTimeMs = currentTimeMs;
    this.#issuers = new Map(
      issuers.map((settings) => {
        const keys = keySource(settings.keys, clock, (cause) => onKeysUnavailable(settings.issuer, cause));
        return [settings.issuer, { settings, keys }];
      }),
    );
  }

  /**
   * Throws UNAUTHENTICATED for a token that is not wholly right, FORBIDDEN where its issuer may not speak for its tenant,
   * and ISSUER_UNAVAILABLE where nobody can tell because the issuer's keys cannot be had.
   */
  async verify(token: string): Promise<VerifiedToken> {
    const parts = readTokenParts(token);
    if (refusedHeaders.some((name) => Object.hasOwn(parts.header, name))) throw refused('has a header that is not accepted');
    const { iss } = parts.claims;
    const issuer = typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
    if (issuer === undefined) throw refused('has an issuer that is not configured');
    const { settings, keys } = issuer;
    const keysVersion = keys.version;
    await this.#checkSignatureAndClaims(token, settings, keys);
    return { ...this.#read(parts, settings), keys, keysVersion };
  }

  async #checkSignatureAndClaims(token: string, { issuer, audience, algorithms }: IssuerSettings, keys: KeySource): Promise<void> {
    try {
      await jwtVerify(token, keys.find, {
        issuer,
        audience,
        algorithms: [...algorithms],
        requiredClaims: ['exp', 'iss', 'aud'],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(this.#currentTimeMs()),
      });
    } catch (cause) {
      if (cause instanceof TenantryError) throw cause;
      throw refused('failed its checks of signature and claims', cause);
    }
  }

  #read(
    { claims, claimsText }: TokenParts,
    { issuer, tenantClaim, tenants }: IssuerSettings,
  ): Pick<VerifiedToken, 'caller' | 'expiresAtMs'> {
    const expiresAtMs = Number(claims['exp']) * 1_000;
    if (!Number.isFinite(expiresAtMs) || expiresAtMs <= this.#currentTimeMs()) throw refused('has expired');
    const { sub } = claims;
    if (sub !== undefined && typeof sub !== 'string') throw refused('has a subject that is no string');
    const tenant = tenantOfClaim(this.#keyType, claims, tenantClaim, claimsText);
    if (tenants !== '*' && !tenants.has(tenant.text)) {
      throw new TenantryError('FORBIDDEN', "The token's issuer may not speak for this tenant.");
    }
    const context = contextOfClaims(this.#context, claims, claimsText);
    return { caller: { tenant, tenantId: tenantIdOf(tenant), issuer, subject: sub, context }, expiresAtMs };
  }
}

function refused(reason: string, cause?: unknown): TenantryError {
  return new TenantryError('UNAUTHENTICATED', `The token ${reason}.`, { cause });
}
