import { hash } from 'node:crypto';
import { bearerToken } from './bearer-token.ts';
import type { Caller } from './caller.ts';
import type { TokenVerifier, VerifiedToken } from './token-verifier.ts';

/** Verified tokens that are remembered; the one used longest ago makes room. */
const defaultCapacity = 10_000;

interface AuthenticatorOptions {
  readonly verifier: TokenVerifier;
  /** Milliseconds since 1970. */
  readonly currentTimeMs: () => number;
  /** Default 10,000. */
  readonly capacity?: number;
}

/**
 * Turns an Authorization header into a caller. A token is checked once and then known by its hash, until it expires or
 * the keys of its issuer change.
 */
export class Authenticator {
  readonly #verifier: TokenVerifier;
  readonly #currentTimeMs: () => number;
  readonly #capacity: number;
  readonly #known = new Map<string, VerifiedToken>();

  constructor({ verifier, currentTimeMs, capacity = defaultCapacity }: AuthenticatorOptions) {
    this.#verifier = verifier;
    this.#currentTimeMs = currentTimeMs;
    this.#capacity = capacity;
  }

  /** The caller, at once where the token is known. Throws or rejects as `bearerToken` and `TokenVerifier.verify` do. */
  authenticate(authorization: string | null): Caller | Promise<Caller> {
    const token = bearerToken(authorization);
    const id = hash('sha256', token, 'base64');
    return this.#recall(id) ?? this.#verify(token, id);
  }

  #recall(id: string): Caller | undefined {
    const known = this.#known.get(id);
    if (known === undefined) return undefined;
    this.#known.delete(id);
    known.keys.touch();
    if (known.expiresAtMs <= this.#currentTimeMs() || known.keys.version !== known.keysVersion) return undefined;
    this.#known.set(id, known);
    return known.caller;
  }

  async #verify(token: string, id: string): Promise<Caller> {
    const verified = await this.#verifier.verify(token);
    this.#known.set(id, verified);
    const oldest = this.#known.keys().next();
    if (this.#known.size > this.#capacity && oldest.done !== true) this.#known.delete(oldest.value);
    return verified.caller;
  }
}
