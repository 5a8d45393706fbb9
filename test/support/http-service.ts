import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { TableSettings } from '../../src/config.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Procedure } from '../../src/core/procedure.ts';
import type { SqlDialect } from '../../src/core/sql.ts';
import { postgresDialect } from '../../src/engine/postgres/postgres-dialect.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/http/http-server.ts';
import { createMetrics } from '../../src/http/observe/metrics.ts';
import { describeProcedures, joinProcedures } from '../../src/http/procedures/procedure-catalog.ts';
import { describeTables, joinTables, type TableCatalog } from '../../src/http/tables/table-catalog.ts';

/** The service over loopback, with what it logged. */
export interface HttpService {
  readonly server: HttpServer;
  readonly url: string;
  readonly opsUrl: string;
  /** Every line of the log so far, parsed. */
  readonly log: () => Record<string, unknown>[];
  readonly logText: () => string;
}

type Given = Pick<HttpServerOptions, 'router' | 'keyType' | 'issuers'> & Partial<HttpServerOptions>;

/** Starts the service on free ports. */
export async function startHttpService(
  given: Given & {
    readonly catalog: TableCatalog;
    readonly tableSettings: readonly TableSettings[];
    readonly procedureSettings?: readonly Procedure[];
    readonly dialect?: SqlDialect;
  },
): Promise<HttpService> {
  const lines: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const described = await describeTables(given.catalog, given.dialect ?? postgresDialect, given.tableSettings);
  const { tables } = joinTables(given.tableSettings, [described]);
  const wanted = given.procedureSettings ?? [];
  const procedures = joinProcedures(wanted, [
    { shard: 'test', procedures: await describeProcedures(given.catalog, given.dialect ?? postgresDialect, wanted) },
  ]);
  const server = createHttpServer({
    tables,
    procedures,
    cursorKeys: [randomBytes(32)],
    limits: { bodyBytes: 65_536, drainMs: 5_000 },
    listen: { host: '127.0.0.1', port: 0, opsHost: '127.0.0.1', opsPort: 0 },
    logger,
    metrics: createMetrics(),
    clock: systemClock,
    currentTimeMs: Date.now,
    ...given,
  });
  const { api, ops } = await server.listen();
  return {
    server,
    url: `http://127.0.0.1:${api.port}`,
    opsUrl: `http://127.0.0.1:${ops.port}`,
    log: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    logText: () => lines.join(''),
  };
}
