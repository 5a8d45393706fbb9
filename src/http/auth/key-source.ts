import type { JWTVerifyGetKey } from 'jose';

/** The keys of one issuer as they are now. */
export interface KeySource {
  /** Raised when keys were replaced or withdrawn: a token checked under another version must be checked again. */
  readonly version: number;
  /** Finds the key of a token's header; what jose asks for. Throws ISSUER_UNAVAILABLE where there are none to ask. */
  readonly find: JWTVerifyGetKey;
  /** Called on every use, so that keys are refreshed in the background although no token needs to be checked. */
  touch(): void;
}
