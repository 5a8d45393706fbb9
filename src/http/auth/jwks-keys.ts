import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { TenantryError } from '../../core/errors.ts';
import type { KeySource } from './key-source.ts';

/** A key set older than this is fetched again in the background: the longest that a withdrawn key lives on. */
const freshMs = 10 * 60_000;
/** A key set older than this, because its address does not answer, is not used any more. */
const usableMs = 60 * 60_000;
/** Pause after a fetch before an unknown key id may cause another one. */
const cooldownMs = 30_000;
/** Pause after a failed fetch while there are no keys at all. */
const retryMs = 1_000;
const fetchTimeoutMs = 5_000;
const maximumBytes = 1_048_576;

/** A member without a type is no key, and keeps nobody from the others (RFC 7517, section 5). */
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string().catch('') })) });

/**
 * An issuer's key set by address. jose's own remote set neither tells when keys are replaced nor goes on with known
 * ones while the address does not answer; choosing and importing a key is jose's.
 */
export class JwksKeys implements KeySource {
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #onFailure: (cause: unknown) => void;
  #version = 0;
  #keys: { readonly text: string; readonly find: JWTVerifyGetKey; readonly fetchedAt: number } | undefined;
  #lastAttempt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(url: URL, clock: Clock, onFailure: (cause: unknown) => void) {
    this.#url = url;
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  get version(): number {
    return this.#version;
  }

  readonly find: JWTVerifyGetKey = async (header, token) => {
    this.touch();
    if (this.#keys === undefined) await this.#refresh(retryMs);
    try {
      return await this.#find(header, token);
    } catch (cause) {
      if (!(cause instanceof errors.JWKSNoMatchingKey)) throw cause;
      await this.#refresh(cooldownMs);
      return this.#find(header, token);
    }
  };

  readonly #find: JWTVerifyGetKey = (header, token) => {
    if (this.#keys === undefined) throw new TenantryError('ISSUER_UNAVAILABLE', undefined, { retryAfterMs: retryMs });
    return this.#keys.find(header, token);
  };

  touch(): void {
    if (this.#keys === undefined) return;
    const age = this.#clock.now() - this.#keys.fetchedAt;
    if (age >= usableMs) {
      this.#keys = undefined;
      this.#version += 1;
    } else if (age >= freshMs) void this.#refresh(cooldownMs);
  }

  /** Fetches the set, unless that was tried a moment ago; many callers share one fetch. Never rejects. */
  async #refresh(pauseMs: number): Promise<void> {
    if (this.#fetching === undefined) {
      if (this.#clock.now() - this.#lastAttempt < pauseMs) return;
      this.#lastAttempt = this.#clock.now();
      this.#fetching = this.#fetch().finally(() => (this.#fetching = undefined));
    }
    await this.#fetching;
  }

  async #fetch(): Promise<void> {
    try {
      const text = await readKeySet(this.#url);
      const find = createLocalJWKSet(keySet.parse(JSON.parse(text)));
      if (this.#keys !== undefined && this.#keys.text !== text) this.#version += 1;
      this.#keys = { text, find, fetchedAt: this.#clock.now() };
    } catch (cause) {
      this.#onFailure(cause);
    }
  }
}

async function readKeySet(url: URL): Promise<string> {
  const response = await fetch(url, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(fetchTimeoutMs),
  });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(`The key set's address answered with status ${response.status}.`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maximumBytes) throw new Error(`The key set is larger than ${maximumBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
