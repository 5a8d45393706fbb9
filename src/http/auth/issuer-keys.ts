import { createPublicKey } from 'node:crypto';
import type { JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../core/clock.ts';
import type { IssuerKeys } from '../../config.ts';
import { JwksKeys } from './jwks-keys.ts';

/** The keys of one issuer as they are now. */
export interface KeySource {
  /** Raised when keys were replaced or withdrawn: a token checked under another version must be checked again. */
  readonly version: number;
  /** Finds the key of a token's header; what jose asks for. Throws ISSUER_UNAVAILABLE where there are none to ask. */
  readonly find: JWTVerifyGetKey;
  /** Called on every use, so that keys are refreshed in the background although no token needs to be checked. */
  touch(): void;
}

/** The key source that an issuer's settings name. `onFailure` hears why a key set could not be fetched. */
export function keySource(keys: IssuerKeys, clock: Clock, onFailure: (cause: unknown) => void): KeySource {
  if (keys.kind === 'jwks') return new JwksKeys(keys.url, clock, onFailure);
  const key = keys.kind === 'public' ? createPublicKey(keys.pem) : keys.secret;
  return { version: 0, find: () => Promise.resolve(key), touch: () => undefined };
}
