import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createHttpShard, httpTables, type HttpShard } from '../../support/http-shard.ts';
import { startHttpService, type HttpService } from '../../support/http-service.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';
import { issuerKey, TestIssuer, type IssuerKey } from '../../support/test-issuer.ts';

/** The API over a shard with one blog of each of two tenants, two issuers, and a time of day that the test moves. */
class TokenService {
  now = 0;
  clock = new FakeClock();
  #parts: Parts | undefined;
  #service: HttpService | undefined;
  #first: IssuerKey | undefined;

  get home(): TestIssuer {
    return present(this.#parts).home;
  }

  get partner(): TestIssuer {
    return present(this.#parts).partner;
  }

  /** A key that home does not have until a test gives it. */
  get spare(): IssuerKey {
    return present(this.#parts).spare;
  }

  get ground(): HttpShard {
    return present(this.#parts).ground;
  }

  get service(): HttpService {
    return present(this.#service);
  }

  async open(): Promise<void> {
    const postgres = await startPostgres();
    const ground = await createHttpShard(postgres, 'tokens');
    await ground.shard.root.query(sqlText(`insert into "Blogs" values (1, 1, 'of tenant 1'), (2, 1, 'of tenant 2')`));
    const home = await new TestIssuer('https://home.test').start();
    const partner = await new TestIssuer('https://partner.test').start();
    this.#parts = { postgres, ground, home, partner, spare: await issuerKey('spare') };
  }

  /** Begins anew for a test: keys, clock, and what the service knows. */
  async renew(): Promise<void> {
    await this.#service?.server.stop();
    this.home.keys = [await this.firstKey()];
    this.home.status = 200;
    this.now = Date.now();
    this.clock = new FakeClock();
    this.#service = await this.start(this.clock);
  }

  /** The key of home that tokens name `first`. */
  async firstKey(): Promise<IssuerKey> {
    this.#first ??= await issuerKey('first');
    return this.#first;
  }

  /** The clock of key sets is the test's; stopping goes by it too, so nothing may be left to wait for. */
  start(of: Clock): Promise<HttpService> {
    return startHttpService({
      router: this.ground.router,
      keyType: 'int',
      issuers: [this.home.settings({ algorithms: ['RS256', 'PS256'] }), this.partner.settings({ tenants: new Set(['2']) })],
      catalog: this.ground.shard.admin,
      tableSettings: httpTables,
      clock: of,
      currentTimeMs: () => this.now,
    });
  }

  /** Serves with these issuers in place of the two. */
  async serveWith(issuers: Parameters<typeof startHttpService>[0]['issuers']): Promise<void> {
    await this.service.server.stop();
    this.#service = await startHttpService({
      router: this.ground.router,
      keyType: 'int',
      issuers,
      catalog: this.ground.shard.admin,
      tableSettings: httpTables,
    });
  }

  async get(authorization: string | undefined): Promise<Seen> {
    const response = await fetch(`${this.service.url}/v1/Blogs/1`, authorization === undefined ? {} : { headers: { authorization } });
    return { status: response.status, challenge: response.headers.get('www-authenticate'), text: await response.text() };
  }

  withToken(token: string): Promise<Seen> {
    return this.get(`Bearer ${token}`);
  }

  async close(): Promise<void> {
    await this.#service?.server.stop();
    const { postgres, ground, home, partner } = present(this.#parts);
    await home.stop();
    await partner.stop();
    await ground.close();
    await postgres.stop();
  }
}

/** Starts the service for the tests of a file; each finds it as new. */
export function useTokenService(): TokenService {
  const api = new TokenService();
  beforeAll(() => api.open());
  beforeEach(() => api.renew());
  afterAll(() => api.close());
  return api;
}

/** What is refused has a challenge, the code of its status, and nothing of any row. */
export async function expectRefused(seen: Promise<Seen>, status = 401): Promise<void> {
  const { status: actual, challenge, text } = await seen;
  expect(actual).toBe(status);
  expect(challenge).toMatch(/^Bearer realm="tenantry"/);
  expect(JSON.parse(text)).toMatchObject({ status, code: status === 401 ? 'UNAUTHENTICATED' : 'FORBIDDEN' });
  expect(text).not.toContain('of tenant');
}

interface Parts {
  readonly postgres: PostgresServer;
  readonly ground: HttpShard;
  readonly home: TestIssuer;
  readonly partner: TestIssuer;
  readonly spare: IssuerKey;
}

interface Seen {
  readonly status: number;
  readonly challenge: string | null;
  readonly text: string;
}

function present<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('The service of the tests has not been started.');
  return part;
}
