import { callers, interleave } from './harness/interleave.ts';
import type { Bench, Figure } from './harness/bench.ts';
import { summarize } from './harness/summary.ts';
import { HttpClient } from './http/http-client.ts';
import { startHttpWorld, type Served } from './http/world.ts';
import { cpuMicrosOf } from './routing/cpu.ts';

const tenants = 200;
const rowsPerTenant = 100;
const cpuRounds = 7;
const requestsPerRound = 2_000;

/** A server with a client for each caller, and what a caller asks it next. */
interface Target {
  readonly name: string;
  readonly served: Served;
  readonly clients: readonly HttpClient[];
  readonly ask: (client: HttpClient) => Promise<string>;
}

/** Both routes live in processes of their own, so that the client's work is on neither's bill. */
export const bench: Bench = {
  title:
    'GET of a row by key from tenantry serve: token (RS256, known by hash), routing and fence, against the same Hono route with a bare pg query and no token',
  run: async (report) => {
    const world = await startHttpWorld(tenants, rowsPerTenant);
    try {
      const headers = world.tokens.map((token) => `Authorization: Bearer ${token}\r\n`);
      for (const count of [1, 8]) {
        const connect = ({ port }: Served) => Promise.all(Array.from({ length: count }, () => HttpClient.connect(port)));
        const tenantOf = sequence(tenants);
        const keyOf = sequence(rowsPerTenant);
        const service: Target = {
          name: 'service',
          served: world.service,
          clients: await connect(world.service),
          ask: (client) => client.get(`/v1/Blogs/${keyOf() + 1}`, headers[tenantOf()]!),
        };
        const bare: Target = {
          name: 'bare route',
          served: world.bare,
          clients: await connect(world.bare),
          ask: (client) => client.get(`/v1/Blogs/${keyOf() + 1}?tenant=${tenantOf() + 1}`, ''),
        };
        await expectSameAnswers(service.clients[0]!, bare.clients[0]!, headers);
        const measured = await interleave(
          [service, bare].map(({ name, clients, ask }) => callers(name, count, (caller) => ask(clients[caller]!))),
        );
        const callersText = count === 1 ? '1 caller' : `${count} callers`;
        report(measured.figure(`GET by key / bare route, ${callersText}`, 'service', 'bare route', { atLeast: 0.8 }));
        report(await cpuFigure(`µs of CPU a request in the server's own process, ${callersText}`, service, bare));
        for (const client of [...service.clients, ...bare.clients]) client.close();
      }
    } finally {
      await world.close();
    }
  },
};

/** Shown without a goal: what a request costs the process that answers it, the database left out. */
async function cpuFigure(metric: string, service: Target, bare: Target): Promise<Figure> {
  const micros = new Map<Target, number[]>([
    [service, []],
    [bare, []],
  ]);
  for (let round = 0; round < cpuRounds; round += 1) {
    for (const [target, rounds] of micros) rounds.push(await cpuMicrosARequest(target));
  }
  const [ours, theirs] = [summarize(micros.get(service) ?? []), summarize(micros.get(bare) ?? [])];
  const detail = {
    rounds: cpuRounds,
    requestsPerRound,
    serviceMicros: ours.median,
    serviceMicrosLowerQuartile: ours.lower,
    serviceMicrosUpperQuartile: ours.upper,
    bareMicros: theirs.median,
    bareMicrosLowerQuartile: theirs.lower,
    bareMicrosUpperQuartile: theirs.upper,
    addedMicros: ours.median - theirs.median,
  };
  return { metric, detail };
}

async function cpuMicrosARequest({ served, clients, ask }: Target): Promise<number> {
  const before = cpuMicrosOf([served.pid]);
  const each = requestsPerRound / clients.length;
  const work = async (client: HttpClient): Promise<void> => {
    for (let request = 0; request < each; request += 1) await ask(client);
  };
  await Promise.all(clients.map(work));
  return (cpuMicrosOf([served.pid]) - before) / requestsPerRound;
}

async function expectSameAnswers(service: HttpClient, bare: HttpClient, headers: readonly string[]): Promise<void> {
  for (let tenant = 1; tenant <= headers.length; tenant += 1) {
    const key = (tenant % rowsPerTenant) + 1;
    const ours = await service.get(`/v1/Blogs/${key}`, headers[tenant - 1]!);
    const theirs = await bare.get(`/v1/Blogs/${key}?tenant=${tenant}`, '');
    if (ours !== theirs) throw new Error(`The answers for tenant ${tenant} differ.`);
  }
}

/** Numbers below `count` in an order that is the same in every run and visits all of them. */
function sequence(count: number): () => number {
  let last = 0;
  return () => (last = (last + 617) % count);
}
