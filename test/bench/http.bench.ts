import { fork } from 'node:child_process';
import { once } from 'node:events';
import { callers, interleave } from './harness/interleave.ts';
import type { Bench } from './harness/bench.ts';
import { HttpClient } from './http/http-client.ts';
import type { BenchServers } from './http/server-program.ts';

const rowsPerTenant = 100;

/** Both routes live in one process of their own, so that the client's work is on neither's bill. */
export const bench: Bench = {
  title:
    'GET of a row by key: token (RS256, known by hash), routing and fence, against the same Hono route with a bare pg query and no token',
  run: async (report) => {
    const servers = fork(new URL('./http/server-program.ts', import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    try {
      const [{ servicePort, barePort, tokens }] = (await once(servers, 'message')) as [BenchServers];
      const headers = tokens.map((token) => `Authorization: Bearer ${token}\r\n`);
      for (const count of [1, 8]) {
        const service = await Promise.all(Array.from({ length: count }, () => HttpClient.connect(servicePort)));
        const bare = await Promise.all(Array.from({ length: count }, () => HttpClient.connect(barePort)));
        const tenantOf = sequence(tokens.length);
        const keyOf = sequence(rowsPerTenant);
        await expectSameAnswers(service[0], bare[0], headers);
        const measured = await interleave([
          callers('service', count, (caller) => service[caller]!.get(`/v1/Blogs/${keyOf() + 1}`, headers[tenantOf()]!)),
          callers('bare route', count, (caller) => bare[caller]!.get(`/v1/Blogs/${keyOf() + 1}?tenant=${tenantOf() + 1}`, '')),
        ]);
        const callersText = count === 1 ? '1 caller' : `${count} callers`;
        report(measured.figure(`GET by key / bare route, ${callersText}`, 'service', 'bare route', { atLeast: 0.8 }));
        for (const client of [...service, ...bare]) client.close();
      }
    } finally {
      servers.disconnect();
      await once(servers, 'exit');
    }
  },
};

async function expectSameAnswers(service: HttpClient | undefined, bare: HttpClient | undefined, headers: readonly string[]): Promise<void> {
  for (let tenant = 1; tenant <= headers.length; tenant += 1) {
    const key = (tenant % rowsPerTenant) + 1;
    const ours = await service?.get(`/v1/Blogs/${key}`, headers[tenant - 1]!);
    const theirs = await bare?.get(`/v1/Blogs/${key}?tenant=${tenant}`, '');
    if (ours === undefined || ours !== theirs) throw new Error(`The answers for tenant ${tenant} differ.`);
  }
}

/** Numbers below `count` in an order that is the same in every run and visits all of them. */
function sequence(count: number): () => number {
  let last = 0;
  return () => (last = (last + 617) % count);
}
