import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { ServeOptions } from '../cli/services.ts';
import type { Settings } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import { TenantryError } from '../core/errors.ts';
import { createHttpServer, type HttpServer } from '../http/http-server.ts';
import { createMetrics, type Metrics } from '../http/observe/metrics.ts';
import { describeProcedures, joinProcedures } from '../http/procedures/procedure-catalog.ts';
import type { ServedProcedure } from '../http/procedures/served-procedure.ts';
import { cursorKey } from '../http/tables/cursor.ts';
import { describeTables, joinTables, type LoadedTables } from '../http/tables/table-catalog.ts';
import { describeByShards } from './descriptions.ts';
import { engineOf, type Engines } from './engines.ts';
import { RecoverySweep } from './recovery-sweep.ts';
import { openServiceLog } from './service-log.ts';
import { openTenantry, type OpenTenantry } from './tenantry.ts';
import type { OnTrouble, Trouble } from './trouble.ts';

/** What `serve` needs besides the settings. */
export interface ServiceParts {
  readonly engines: Engines;
  readonly clock: Clock;
  readonly now: () => Date;
}

/** Serves the HTTP API and sweeps up after crashed operations, until told to stop; then drains and closes everything. */
export async function serve(parts: ServiceParts, settings: Settings, { stop, log, onListening }: ServeOptions): Promise<void> {
  const metrics = createMetrics();
  const serviceLog = openServiceLog({ stream: log, clock: parts.clock, onDropped: () => metrics.logDropped() });
  try {
    await serveUntil(stop, parts, settings, { logger: serviceLog.logger, metrics, onListening });
  } finally {
    serviceLog.close();
  }
}

interface Reports extends Pick<ServeOptions, 'onListening'> {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

async function serveUntil(
  stop: AbortSignal,
  parts: ServiceParts,
  settings: Settings,
  { logger, metrics, onListening }: Reports,
): Promise<void> {
  const tenantry = await openTenantry(
    { ...parts, observer: metrics.router, onTrouble: troubleLog(logger), onNotice: (outcome) => metrics.noticeEnded(outcome) },
    settings,
  );
  try {
    const { map, router, manager } = tenantry;
    const { tables, hidden, procedures } = await describedByShards(parts.engines, tenantry, settings, logger);
    for (const column of hidden) logger.warn(column, 'a column of a type that the API does not carry is left out');
    const server = createHttpServer({
      router,
      tables,
      procedures,
      logger,
      metrics,
      clock: parts.clock,
      keyType: map.keyType,
      issuers: settings.auth.issuers,
      context: settings.context,
      cursorKeys: [
        cursorKey(settings.fleetKey.current),
        ...(settings.fleetKey.previous === undefined ? [] : [cursorKey(settings.fleetKey.previous)]),
      ],
      limits: settings.limits,
      listen: settings.http,
      currentTimeMs: () => parts.now().getTime(),
    });
    const sweep = new RecoverySweep(manager, parts.clock, logger);
    const { api, ops } = await server.listen();
    logger.info({ api: urlOf(api), ops: urlOf(ops) }, 'listening');
    onListening({ api: urlOf(api), ops: urlOf(ops) });
    sweep.start();
    await stopped(stop);
    await drain(server, sweep, settings.limits.drainMs, logger);
  } finally {
    await tenantry.close();
  }
}

async function drain(server: HttpServer, sweep: RecoverySweep, withinMs: number, logger: Logger): Promise<void> {
  logger.info('stopping');
  const [{ cut }] = await Promise.all([server.stop(), sweep.stop(withinMs)]);
  logger.info({ cut }, 'stopped');
}

interface Described extends LoadedTables {
  readonly procedures: ReadonlyMap<string, ServedProcedure>;
}

/** The shape of tables and procedures, from the first shard that answers, and what the first of every other engine adds. */
async function describedByShards(
  engines: Engines,
  { access, map, store }: OpenTenantry,
  { tables, procedures }: Settings,
  logger: Logger,
): Promise<Described> {
  const { heard, unheard, away } = await describeByShards(await store.listShards(map.mapId), async (shard) => {
    const [database, { dialect }] = [access.open(shard), engineOf(engines, shard.address)];
    return {
      shard: shard.name,
      tables: await describeTables(database, dialect, tables),
      procedures: await describeProcedures(database, dialect, procedures),
    };
  });
  const [first, ...others] = heard;
  if (first === undefined)
    throw away ?? new TenantryError('INVALID_CONFIGURATION', `Map ${map.name} has no shard yet: run \`tenantry shard add\`.`);
  for (const engine of unheard)
    logger.warn({ engine }, 'no shard of the engine told of triggers and types of columns; start again once one is there');
  const loaded = joinTables(tables, [first.tables, ...others.map((each) => each.tables)]);
  return { ...loaded, procedures: joinProcedures(procedures, heard) };
}

const troubles: Readonly<Record<Trouble['source'], string>> = {
  redis: 'redis is not well; requests go on without it',
  shard: 'a shard is left alone for now',
  webhook: 'drift of a shard could not be told to the webhook',
  resets: 'a reset left a connection of a shard the tenant of its last use; each serves one use from now on',
};

function troubleLog(logger: Logger): OnTrouble {
  return ({ source, state, shardId, code }) => {
    const where = { source, ...(shardId === undefined ? {} : { shardId }) };
    if (state === 'recovered') logger.info(where, 'well again');
    else logger.warn({ ...where, code }, troubles[source]);
  };
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
