import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ScriptedShard } from '../support/scripted-shard.ts';
import type { Bench, Figure } from './harness/bench.ts';
import { summarize } from './harness/summary.ts';
import { askers } from './mssql-routing/askers.ts';

const serverProgram = fileURLToPath(new URL('mssql-routing/server-program.ts', import.meta.url));
const sideProgram = fileURLToPath(new URL('mssql-routing/side-program.ts', import.meta.url));
const rounds = 60;
const warmUpRounds = 8;
const statementsPerRound = 800;

/** What the router costs its own process, over a scripted server: what a SQL Server's own work costs cannot be seen here. */
export const bench: Bench = {
  title: 'Routed statements on a scripted TDS server, against a bare request of the driver',
  async run(report) {
    report(await roundTrips());
    const server = spawn(process.execPath, [serverProgram], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(server.stdout, 'data')) as [Buffer];
      const port = line.toString().trim();
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
  const asker = await askers.routed(shard.server.port);
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

/**
 * CPU for a statement of the two sides, each in its own process, round by round in turns; the ratio is the bare request's over the routed
 * one's.
 */
async function cpu(port: string, count: number): Promise<Figure> {
  const sides = { bare: await startSide('bare', port, count), routed: await startSide('routed', port, count) };
  const micros = { bare: [] as number[], routed: [] as number[] };
  try {
    for (let round = -warmUpRounds; round < rounds; round += 1) {
      const order = round % 2 === 0 ? (['bare', 'routed'] as const) : (['routed', 'bare'] as const);
      for (const name of order) {
        const each = await microsOf(sides[name]);
        if (round >= 0) micros[name].push(each);
      }
    }
  } finally {
    sides.bare.disconnect();
    sides.routed.disconnect();
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

async function startSide(name: keyof typeof askers, port: string, count: number): Promise<ChildProcess> {
  const side = fork(sideProgram, [name, port, `${count}`]);
  await said(side);
  return side;
}

async function microsOf(side: ChildProcess): Promise<number> {
  side.send(statementsPerRound);
  return Number(await said(side));
}

/** What a side says next. Rejects where it ends instead. */
async function said(side: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  side.once('exit', end);
  try {
    const [message] = (await once(side, 'message', { signal: ended.signal })) as [unknown];
    return message;
  } finally {
    side.off('exit', end);
  }
}
