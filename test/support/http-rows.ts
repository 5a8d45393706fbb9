import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { TenantryConfig } from '../../src/config.ts';
import { proceduresSchema } from '../../src/config/procedures-schema.ts';
import { sqlText } from '../../src/core/sql.ts';
import { createHttpShard, httpTables, type HttpShard } from './http-shard.ts';
import { startHttpService, type HttpService } from './http-service.ts';
import { startPostgres, type PostgresServer } from './servers/postgres.ts';
import { TestIssuer } from './test-issuer.ts';
import { startWireProxy, type WireProxy } from './wire-proxy.ts';

/** What a file's service has besides the tables. */
interface HttpRowsOptions {
  /** Run as admin, before the service looks at the shard. */
  readonly definitions?: string;
  readonly procedures?: TenantryConfig['procedures'];
}

/** The API over one shard with two tenants, whose rows every test finds gone. */
class HttpRows {
  #parts: Parts | undefined;
  readonly #options: HttpRowsOptions;

  constructor(options: HttpRowsOptions) {
    this.#options = options;
  }

  get ground(): HttpShard {
    return this.#started().ground;
  }

  get issuer(): TestIssuer {
    return this.#started().issuer;
  }

  /** Between the service and the shard. */
  get proxy(): WireProxy {
    return this.#started().proxy;
  }

  get service(): HttpService {
    return this.#started().service;
  }

  /** A token of each tenant. */
  get tokens(): Tokens {
    return this.#started().tokens;
  }

  async open(): Promise<void> {
    const postgres = await startPostgres();
    const proxy = await startWireProxy(postgres);
    const ground = await createHttpShard(postgres, 'rows', undefined, proxy);
    const { definitions, procedures } = this.#options;
    if (definitions !== undefined) await ground.shard.admin.query(sqlText(definitions));
    const issuer = await new TestIssuer('https://issuer.test').start();
    const service = await startHttpService({
      router: ground.router,
      keyType: 'int',
      issuers: [issuer.settings()],
      catalog: ground.shard.admin,
      tableSettings: httpTables,
      procedureSettings: proceduresSchema.parse(procedures),
    });
    const tokens = { one: await issuer.token({ tenant: '1' }), two: await issuer.token({ tenant: 2 }) };
    this.#parts = { postgres, proxy, ground, issuer, service, tokens };
  }

  async empty(): Promise<void> {
    await this.ground.shard.root.query(sqlText('truncate "Blogs", "Kinds", "Lines", "Settings", "Moments" restart identity'));
  }

  async call(
    method: string,
    path: string,
    options: { as?: keyof Tokens; body?: unknown; text?: string | Uint8Array; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { as = 'one', body, text, headers } = options;
    const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(this.service.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.tokens[as]}`,
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent as NonNullable<RequestInit['body']> }),
    });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, body: (answer === '' ? undefined : JSON.parse(answer)) as AnswerBody };
  }

  async close(): Promise<void> {
    const { postgres, proxy, ground, issuer, service } = this.#started();
    await service.server.stop();
    await issuer.stop();
    await ground.close();
    await proxy.close();
    await postgres.stop();
  }

  #started(): Parts {
    if (this.#parts === undefined) throw new Error('The service of the tests has not been started.');
    return this.#parts;
  }
}

/** Starts the service for the tests of a file. */
export function useHttpRows(options: HttpRowsOptions = {}): HttpRows {
  const api = new HttpRows(options);
  beforeAll(() => api.open());
  beforeEach(() => api.empty());
  afterAll(() => api.close());
  return api;
}

type Tokens = Readonly<Record<'one' | 'two', string>>;

interface Parts {
  readonly postgres: PostgresServer;
  readonly proxy: WireProxy;
  readonly ground: HttpShard;
  readonly issuer: TestIssuer;
  readonly service: HttpService;
  readonly tokens: Tokens;
}

/** Every member that some answer has; each test asserts those of its own. */
interface AnswerBody extends Record<string, unknown> {
  readonly code: string;
  readonly traceId: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  readonly data: readonly Record<string, unknown>[];
  readonly next: string | null;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AnswerBody;
}
