import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import type { IssuerSettings } from '../../src/config.ts';

/** A key pair of an issuer, with its public half as a member of a key set. */
export interface IssuerKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** An issuer of real tokens that serves its key set over HTTP on loopback. */
export class TestIssuer {
  readonly issuer: string;
  readonly audience = 'tenantry-test';
  /** What the key set's address answers with. */
  keys: IssuerKey[] = [];
  status = 200;
  fetches = 0;
  readonly #server: Server;
  #url: URL | undefined;

  constructor(issuer: string) {
    this.issuer = issuer;
    this.#server = createServer((_request, response) => {
      this.fetches += 1;
      response.writeHead(this.status, { 'content-type': 'application/jwk-set+json' });
      response.end(JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }));
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#url = new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks`);
    this.keys = [await issuerKey('first')];
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  settings(change: Partial<IssuerSettings> = {}): IssuerSettings {
    return {
      issuer: this.issuer,
      audience: this.audience,
      keys: { kind: 'jwks', url: this.#url! },
      algorithms: ['RS256'],
      tenantClaim: 'tenant',
      tenants: '*',
      development: false,
      ...change,
    };
  }

  /** A token that is right in all but what `claims` and `header` change; a claim set to undefined is left out. */
  token(claims: JWTPayload = {}, header: Record<string, unknown> = {}, key: IssuerKey = this.keys[0]!): Promise<string> {
    const exp = Math.floor(Date.now() / 1_000) + 3_600;
    const payload = { iss: this.issuer, aud: this.audience, sub: 'ann', exp, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: key.kid, ...header }).sign(key.privateKey);
  }
}

/** A new RSA key pair. */
export async function issuerKey(kid: string): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } };
}
