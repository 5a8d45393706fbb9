import { createPublicKey } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { IssuerKeys } from '../../config.ts';
import { JwksKeys } from './jwks-keys.ts';
import type { KeySource } from './key-source.ts';

/** The key source that an issuer's settings name. `onFailure` hears why a key set could not be fetched. */
export function keySource(keys: IssuerKeys, clock: Clock, onFailure: (cause: unknown) => void): KeySource {
  if (keys.kind === 'jwks') return new JwksKeys(keys.url, clock, onFailure);
  const key = keys.kind === 'public' ? createPublicKey(keys.pem) : keys.secret;
  return { version: 0, find: () => Promise.resolve(key), touch: () => undefined };
}
