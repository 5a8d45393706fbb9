import type { TenantryConfig } from '../../src/config.ts';
import { proceduresSchema } from '../../src/config/procedures-schema.ts';
import { compileSql } from '../../src/core/compile-sql.ts';
import { mssqlDialect } from '../../src/engine/mssql/mssql-dialect.ts';
import { startHttpService, type HttpService } from './http-service.ts';
import { entryOf, ScriptedShard } from './scripted-shard.ts';
import { callersText } from './tds/callers-text.ts';
import type { ColumnValue } from './tds/column-value.ts';
import type { ModelStatement, StatementAnswer } from './tds/model/statement.ts';
import type { TdsRequest } from './tds/request.ts';
import type { Columns } from './tds/tokens.ts';
import { TestIssuer } from './test-issuer.ts';

/** A column as `shard/describe-tables` tells it; what is left out is null, or false. */
export interface DescribedColumn {
  readonly name: string;
  readonly type: string;
  readonly keyPosition?: number;
  readonly maximumLength?: number;
  readonly precision?: number;
  readonly scale?: number;
  readonly nullable?: boolean;
  readonly hasDefault?: boolean;
  readonly generated?: boolean;
  readonly storedAs?: string;
}

/** A request of tenant 1, and what the shard was sent for it. */
export interface Exchanged {
  readonly status: number;
  readonly body: unknown;
  /** The statement of the one message, or the first. */
  readonly statement: string;
  /** Of a second message, which looks at what a change left. */
  readonly look: string | undefined;
  /** Types and values of its own parameters. */
  readonly parameters: readonly (readonly [declared: string | undefined, value: unknown])[];
}

const descriptionColumns: Columns = {
  table: 'nvarchar(400)',
  name: 'nvarchar(128)',
  type: 'nvarchar(128)',
  baseType: 'nvarchar(128)',
  nullable: 'bit',
  hasDefault: 'bit',
  generated: 'bit',
  maximumLength: 'int',
  precision: 'int',
  scale: 'int',
  allowed: 'nvarchar(max)',
  storedAs: 'nvarchar(400)',
  hasTriggers: 'bit',
  keyPosition: 'int',
};

/** The data API over one table of a scripted shard of SQL Server: what goes over the wire for a request. */
export class ScriptedDataApi implements AsyncDisposable {
  /** What statements of tenants answer. */
  answer: (statement: ModelStatement) => StatementAnswer = () => ({ count: 0 });
  readonly #shard: ScriptedShard;
  readonly #service: HttpService;
  readonly #token: string;
  readonly #resources: AsyncDisposableStack;

  private constructor(shard: ScriptedShard, service: HttpService, token: string, resources: AsyncDisposableStack) {
    this.#shard = shard;
    this.#service = service;
    this.#token = token;
    this.#resources = resources;
  }

  /** `procedures`: as a configuration has them; the shard has each. */
  static async start(
    table: string,
    columns: readonly DescribedColumn[],
    hasTriggers = false,
    procedures?: TenantryConfig['procedures'],
  ): Promise<ScriptedDataApi> {
    const resources = new AsyncDisposableStack();
    const shard = resources.use(await ScriptedShard.start());
    const database = shard.openDatabase({ connections: 1 });
    shard.answer = ({ text }) =>
      text.includes('[isFunction]')
        ? { columns: { procedure: 'nvarchar(400)', isFunction: 'bit' }, rows: Object.keys(procedures ?? {}).map((name) => [name, false]) }
        : { columns: descriptionColumns, rows: columns.map((column) => described(table, column, hasTriggers)) };
    const connection = await shard.connect();
    const issuer = await new TestIssuer('https://issuer.test').start();
    resources.defer(() => issuer.stop());
    const service = await startHttpService({
      router: {
        query: (_, statement, options) =>
          connection.execute(entryOf(1), compileSql(statement, connection.dialect), {
            readOnly: options?.readOnly ?? false,
            timeoutMs: 10_000,
          }),
      },
      keyType: 'int',
      issuers: [issuer.settings()],
      catalog: database,
      dialect: mssqlDialect,
      tableSettings: [{ name: table, table, tenantColumn: 'TenantId' }],
      procedureSettings: proceduresSchema.parse(procedures),
    });
    resources.defer(async () => void (await service.server.stop()));
    await database.close();
    const api = new ScriptedDataApi(shard, service, await issuer.token({ tenant: 1 }), resources);
    shard.answer = (statement) => api.answer(statement);
    return api;
  }

  /** Sends a request, for which the shard must be sent one message, or a second that looks. */
  async request(method: string, path: string, body?: unknown): Promise<Exchanged> {
    const { recording } = this.#shard.server;
    const before = recording.requests().length;
    const response = await fetch(`${this.#service.url}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const [message, look, ...more] = recording.requests().slice(before);
    if (message?.kind !== 'rpc' || (look !== undefined && look.kind !== 'rpc') || more.length > 0)
      throw new Error(`One message was expected for ${method} ${path}, or two: ${text}`);
    const { parameters } = message;
    return {
      status: response.status,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
      statement: textIn(message),
      look: look === undefined ? undefined : textIn(look),
      parameters: parameters.filter(({ name }) => !name.startsWith('@tenantry_')).map(({ declared, value }) => [declared, value]),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

function textIn({ parameters }: Extract<TdsRequest, { kind: 'rpc' }>): string {
  return callersText(String(parameters.find(({ name }) => name === '@tenantry_statement')?.value));
}

function described(table: string, column: DescribedColumn, hasTriggers: boolean): ColumnValue[] {
  const { name, type, nullable = false, hasDefault = false, generated = false } = column;
  const { maximumLength = null, precision = null, scale = null, storedAs = null, keyPosition = null } = column;
  return [
    table,
    name,
    type,
    type.replace(/\(.*/, ''),
    nullable,
    hasDefault,
    generated,
    maximumLength,
    precision,
    scale,
    null,
    storedAs,
    hasTriggers,
    keyPosition,
  ];
}
