import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import mssql from 'mssql';
import { systemClock } from '../../src/core/clock.ts';
import { sql } from '../../src/core/sql.ts';
import { createRouter } from '../../src/router/create-router.ts';
import { defaultRouterLimits } from '../../src/router/limits.ts';
import type { Router } from '../../src/router/router.ts';
import { silentObserver } from '../../src/router/router-observer.ts';
import { entryOf, epoch, ScriptedShard } from '../support/scripted-shard.ts';
import type { Bench, Figure } from './harness/bench.ts';
import { summarize } from './harness/summary.ts';
import { ownCpuMicros } from './routing/cpu.ts';

const program = fileURLToPath(new URL('mssql-routing/server-program.ts', import.meta.url));
const rounds = 20;
const warmUpRounds = 4;
const statementsPerRound = 1_000;
/** Of the scripted shard. */
const tenants = 4;

/** One way to ask for a row. */
interface Asker {
  ask(caller: number, id: number): Promise<unknown>;
  close(): Promise<unknown>;
}

/** What the router costs its own process, over a scripted server: what a SQL Server's own work costs cannot be seen here. */
export const bench: Bench = {
  title: 'Routed statements on a scripted TDS server, against a bare request of the driver',
  async run(report) {
    report(await roundTrips());
    const server = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(server.stdout, 'data')) as [Buffer];
      const port = Number(line.toString());
      for (const count of [1, 8]) report(await cpu(port, count));
    } finally {
      server.kill('SIGTERM');
    }
  },
};

/** Requests that a thousand statements take, over all connections. */
async function roundTrips(): Promise<Figure> {
  await using shard = await ScriptedShard.start();
  const statements = 1_000;
  const asker = routed(shard.server.port);
  try {
    for (let id = 0; id < statements; id += 1) await asker.ask(0, id);
  } finally {
    await asker.close();
  }
  const requests = shard.server.recording.requests().length;
  return {
    metric: 'round trips per routed statement',
    ratio: requests / statements,
    goal: { atMost: 1 },
    detail: { statements, requests },
  };
}

/** CPU of this process for a statement, round by round in turns; the ratio is the bare request's over the routed one's. */
async function cpu(port: number, count: number): Promise<Figure> {
  const askers = { bare: await bare(port, count), routed: routed(port) };
  const micros = { bare: [] as number[], routed: [] as number[] };
  try {
    for (let round = -warmUpRounds; round < rounds; round += 1) {
      const order = round % 2 === 0 ? (['bare', 'routed'] as const) : (['routed', 'bare'] as const);
      for (const name of order) {
        const each = await microsOf(askers[name], count);
        if (round >= 0) micros[name].push(each);
      }
    }
  } finally {
    await askers.bare.close();
    await askers.routed.close();
  }
  const ratios = summarize(micros.bare.map((each, round) => each / (micros.routed[round] ?? Number.NaN)));
  const [ours, theirs] = [summarize(micros.routed), summarize(micros.bare)];
  const detail = {
    rounds,
    statementsPerRound,
    ratioLower: ratios.lower,
    ratioUpper: ratios.upper,
    routedMicros: ours.median,
    bareMicros: theirs.median,
    addedMicros: ours.median - theirs.median,
  };
  const callers = count === 1 ? '1 caller' : `${count} callers`;
  return { metric: `CPU of a bare request / of a routed statement, ${callers}`, ratio: ratios.median, goal: { atLeast: 0.85 }, detail };
}

async function microsOf(asker: Asker, count: number): Promise<number> {
  const before = ownCpuMicros();
  const work = async (caller: number): Promise<void> => {
    for (let id = 0; id < statementsPerRound / count; id += 1) await asker.ask(caller, id);
  };
  await Promise.all(Array.from({ length: count }, (_, caller) => work(caller)));
  return (ownCpuMicros() - before) / statementsPerRound;
}

/** What people write: the driver's own pool, without its SELECT 1, and the tenant in the statement. */
async function bare(port: number, count: number): Promise<Asker> {
  const pool = new mssql.ConnectionPool({
    server: '127.0.0.1',
    port,
    user: 'app',
    password: 'app',
    database: 'shard',
    validateConnection: false,
    pool: { max: count, min: count },
    options: { encrypt: false },
  });
  await pool.connect();
  const text = 'select [BlogId], [Name] from [dbo].[Blogs] where [TenantId] = @tenant and [BlogId] = @id';
  return {
    ask: async (caller, id) => await pool.request().input('tenant', mssql.Int, caller).input('id', mssql.Int, id).query(text),
    close: () => pool.close(),
  };
}

function routed(port: number): Asker {
  const routes = Array.from({ length: tenants + 1 }, (_, tenant) => ({ mappingId: tenant, shardId: 'shard', epoch }));
  const tokens = routes.map(({ mappingId }) => entryOf(mappingId).token);
  const router: Router = createRouter({
    keyType: 'int',
    routes: {
      peek: (tenant) => routes[Number(tenant)],
      find: () => Promise.reject(new Error('Every tenant has a route.')),
      learn: () => undefined,
      forget: () => undefined,
    },
    connect: () => ScriptedShard.connectTo({ host: '127.0.0.1', port }),
    tokens: [(mappingId) => tokens[mappingId] ?? new Uint8Array()],
    limits: defaultRouterLimits,
    clock: systemClock,
    random: Math.random,
    observer: silentObserver,
  });
  return {
    ask: (caller, id) => router.query((caller % tenants) + 1, sql`select [BlogId], [Name] from [dbo].[Blogs] where [BlogId] = ${id}`),
    close: () => router.close(),
  };
}
