import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import type { CommandResult } from '../../support/command-line.ts';
import { configuration, createCliWorld, type CliWorld } from '../cli/world.ts';

/** Projects with an owner and much else, tasks that refer to them, and countries of everybody. */
const schema = `
  create table "Projects" (
    "TenantId" integer not null, "Id" integer not null, "Owner" text, "Budget" numeric(10, 2), "Notes" jsonb,
    "Due" timestamptz, "Code" text not null, primary key ("TenantId", "Id"));
  create table "Tasks" (
    "TenantId" integer not null, "Id" integer generated always as identity, "ProjectId" integer not null, "Title" text,
    primary key ("TenantId", "Id"), foreign key ("TenantId", "ProjectId") references "Projects" ("TenantId", "Id"));
  create table "Countries" ("Code" text primary key, "Name" text not null)`;

const parts = {
  context: { userId: { type: 'string' }, roles: { type: 'strings' } },
  tables: { Projects: { tenant: 'TenantId' }, Tasks: { tenant: 'TenantId' }, Countries: 'reference' },
  policies: {
    mine: {
      on: 'Projects',
      read: {
        any: [
          { role: 'reader', in: 'roles' },
          { owner: 'Owner', is: 'userId' },
        ],
      },
      write: { owner: 'Owner', is: 'userId' },
    },
  },
};

/** What most files of the tests begin with. */
export const file = {
  tenants: {
    acme: {
      Projects: [
        { Id: 1, Owner: 'ann', Budget: 12.5, Notes: { a: 1, b: [2] }, Due: '2026-01-01T01:00:00+01:00' },
        { Id: 2, Owner: 'bob' },
      ],
    },
    globex: { Projects: [{ Id: 1, Owner: 'ann' }] },
  },
  shared: { Countries: [{ Code: 'zz', Name: 'Nowhere' }] },
  actors: {
    ann: { tenant: 'acme', context: { userId: 'ann' } },
    reader: { tenant: 'acme', context: { userId: 'eve', roles: ['reader'] } },
    reports: { principal: 'superuser' },
    mover: { principal: 'mover' },
    owner: { principal: 'admin' },
  },
};

/** A shard with two live tenants, and files of cases. */
class PolicyTestGround {
  #world: CliWorld | undefined;
  #shard: SqlDatabase | undefined;

  get world(): CliWorld {
    if (this.#world === undefined) throw new Error('The ground has not been started.');
    return this.#world;
  }

  /** The shard's database as its superuser. */
  get shard(): SqlDatabase {
    if (this.#shard === undefined) throw new Error('The ground has not been started.');
    return this.#shard;
  }

  async start(): Promise<void> {
    const world = await createCliWorld();
    this.#world = world;
    await mkdir(join(world.folder, 'policies'));
    await writeFile(join(world.folder, 'tenantry.config.json'), configuration(parts));
    await world.server.createDatabase('shop_a');
    this.#shard = world.openDatabase('shop_a');
    await this.#shard.query(sqlText(schema));
    await this.#shard.query(
      sqlText(`insert into "Projects" ("TenantId", "Id", "Owner", "Code") values (1, 1, 'ann', 'live'), (2, 1, 'ann', 'live');
      insert into "Countries" values ('no', 'Norway')`),
    );
    const place = `--host ${world.server.host} --port ${world.server.port}`;
    for (const line of ['map create', `shard add a ${place} --database shop_a --bootstrap`]) {
      const { code, err } = await world.run(line);
      if (code !== 0) throw new Error(`${line}: ${err}`);
    }
  }

  /** Writes a file into the folder of the configuration. */
  async write(name: string, content: unknown): Promise<void> {
    await writeFile(join(this.world.folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }

  /** Runs a file of cases on the shard. */
  async run(tests: unknown, options = ''): Promise<CommandResult> {
    await this.write('own.json', tests);
    return this.world.run(`policy test own.json --shard a ${options}`);
  }

  /** What became of one case of the usual file: nothing where it passed. */
  async failureOf(tested: object): Promise<unknown> {
    return (await this.failuresOf([['it', tested]])).get('it');
  }

  /** The same of several in one run, by their names. */
  async failuresOf(tested: readonly (readonly [name: string, tested: object])[]): Promise<ReadonlyMap<string, unknown>> {
    const { code, out, err } = await this.run({ ...file, cases: tested.map(([name, each]) => Object.assign({ name }, each)) }, '--json');
    if (code === 1) throw new Error(err);
    const { files } = JSON.parse(out) as { files: { cases: ReportedCase[] }[] };
    return new Map(
      files
        .flatMap(({ cases }) => cases)
        .map(({ name, outcome, failure, reason }) => [name, outcome === 'passed' ? undefined : (failure ?? reason)]),
    );
  }
}

interface ReportedCase {
  readonly name: string;
  readonly outcome: string;
  readonly failure?: unknown;
  readonly reason?: string;
}

/** Starts the ground for the tests of a file. */
export function usePolicyTests(): PolicyTestGround {
  const ground = new PolicyTestGround();
  beforeAll(() => ground.start());
  afterAll(() => ground.world.close());
  return ground;
}
