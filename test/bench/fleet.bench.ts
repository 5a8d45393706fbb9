import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { sqlText } from '../../src/core/sql.ts';
import { configuration, createCliWorld, type CliWorld } from '../integration/cli/world.ts';
import type { Bench } from './harness/bench.ts';

const fewShards = 8;
const allShards = 64;
/** What the whole fleet may take, on two cores. */
const goalSeconds = 30;
/** Memory for eight times as many shards. */
const flatWithin = 1.2;

/** A handful of tables, one of which refers to another, and one that everybody reads. */
const tables = ['Blogs', 'Posts', 'Comments', 'Files'];
const schema = `
  create table "Countries" ("Code" char(2) primary key, "Name" text not null);
  ${tables.map((table) => `create table "${table}" ("TenantId" integer not null, "Id" integer not null, "Name" text not null, "Country" char(2) not null references "Countries", primary key ("TenantId", "Id"));`).join('\n')}
  alter table "Posts" add "Blog" integer not null, add foreign key ("TenantId", "Blog") references "Blogs" ("TenantId", "Id")`;

const program = fileURLToPath(new URL('fleet/measured-program.ts', import.meta.url));

/** What a command line took. */
interface Taken {
  readonly seconds: number;
  /** Most memory that it held, in bytes. */
  readonly bytes: number;
}

/** Once for the time, and once more for the memory: to look at it takes time. */
async function taken(world: CliWorld, line: string): Promise<Taken> {
  const { seconds } = await measured(world, line, 'no');
  const { bytes } = await measured(world, line, 'yes');
  return { seconds, bytes };
}

async function measured(world: CliWorld, line: string, memory: 'yes' | 'no'): Promise<Taken> {
  const begun = performance.now();
  const child = spawn(process.execPath, [program, ...line.split(' ')], {
    cwd: world.folder,
    env: { ...process.env, ...world.environment, BENCH_MEMORY: memory },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const said = Promise.all([child.stdout, child.stderr, child.stdio[3]].map((stream) => text(stream as NodeJS.ReadableStream)));
  const [code] = (await once(child, 'exit')) as [number];
  const seconds = (performance.now() - begun) / 1_000;
  const [out, err, bytes] = await said;
  if (code !== 0) throw new Error(`${line} ended with ${code}: ${out}${err}`);
  return { seconds, bytes: Number(bytes) };
}

async function run(world: CliWorld, line: string): Promise<void> {
  const { code, err } = await world.run(line);
  if (code !== 0) throw new Error(`${line}: ${err}`);
}

async function addShards(world: CliWorld, from: number, to: number): Promise<void> {
  const { host, port } = world.server;
  for (let shard = from; shard < to; shard += 1) {
    const name = `shop_${shard}`;
    await world.server.createDatabase(name);
    await world.openDatabase(name).query(sqlText(schema));
    await run(world, `shard add ${name} --host ${host} --port ${port} --database ${name} --bootstrap`);
  }
}

const megabytes = (bytes: number): number => Math.round(bytes / 1_048_576);

export const bench: Bench = {
  title: `policy diff and policy verify over ${allShards} shards of ${tables.length + 1} tables on one server, each a process of its own`,
  run: async (report) => {
    const world = await createCliWorld();
    try {
      const configured = Object.fromEntries(tables.map((table) => [table, { tenant: 'TenantId' }]));
      await writeFile(join(world.folder, 'tenantry.config.json'), configuration({ tables: { ...configured, Countries: 'reference' } }));
      await run(world, 'map create');
      await addShards(world, 0, fewShards);
      const commands = ['policy diff', 'policy verify'];
      const few = new Map<string, Taken>();
      for (const command of commands) few.set(command, await taken(world, command));
      await addShards(world, fewShards, allShards);
      for (const command of commands) {
        const all = await taken(world, command);
        const { seconds, bytes } = few.get(command) ?? all;
        report({
          metric: `${command} over ${allShards} shards / the goal of ${goalSeconds} s`,
          ratio: all.seconds / goalSeconds,
          goal: { atMost: 1 },
          detail: { seconds: Number(all.seconds.toFixed(2)), [`seconds of ${fewShards} shards`]: Number(seconds.toFixed(2)) },
        });
        report({
          metric: `memory of ${command}, ${allShards} shards / ${fewShards} shards`,
          ratio: all.bytes / bytes,
          goal: { atMost: flatWithin },
          detail: { 'MB at most': megabytes(all.bytes), [`MB at most of ${fewShards} shards`]: megabytes(bytes) },
        });
      }
    } finally {
      await world.close();
    }
  },
};
