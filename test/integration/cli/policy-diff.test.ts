import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { fleetKeyFromBase64 } from '../../../shardmap/mapping-token.ts';
import { createShardSigner } from '../../../shardmap/shard-signer.ts';
import { postgresPolicyRenderer } from '../../../src/engine/postgres/policy-renderer.ts';
import { accept } from '../../../src/policy/acceptance.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configuration, createCliWorld, type CliWorld } from './world.ts';
import { eventually } from '../../support/eventually.ts';
import { itemsOf } from '../../support/command-line.ts';

let world: CliWorld;
let catalog: SqlDatabase;
let a: SqlDatabase;
let b: SqlDatabase;

interface Line {
  readonly shard: string;
  readonly of: string;
  readonly object: string | null;
  readonly state: string;
  readonly what: string;
  readonly items: readonly { item: string; state: string; before: string | null; after: string | null }[];
}

beforeAll(async () => {
  world = await createCliWorld();
  a = await world.createShardDatabase('shop_a');
  b = await world.createShardDatabase('shop_b');
  const place = `--host ${world.server.host} --port ${world.server.port}`;
  for (const line of ['map create', ...['a', 'b'].map((name) => `shard add ${name} ${place} --database shop_${name} --bootstrap`)]) {
    const { code, err } = await world.run(line);
    if (code !== 0) throw new Error(`${line}: ${err}`);
  }
  catalog = world.openDatabase('catalog');
});
afterAll(() => world.close());

async function diff(options = ''): Promise<{ code: number; lines: Line[]; states: string[]; err: string }> {
  const { code, out, err } = await world.run(`policy diff --json ${options}`);
  const lines = out === '' ? [] : itemsOf<Line>(out);
  return {
    code,
    lines,
    err,
    states: lines.map(({ shard, of, object, state }) => [shard, of, ...(object === null ? [] : [object]), state].join(' ')),
  };
}

describe('policy diff', () => {
  beforeEach(async () => {
    expect((await world.run('policy apply')).code).toBe(0);
  });

  it('finds everything the same after policy apply, and ends with 0', async () => {
    const { code, out, err } = await world.run('policy diff');
    expect({ code, out, err }).toEqual({
      code: 0,
      out: `shard\tof\tobject\tstate\twhat\n${['a', 'b'].flatMap((shard) => ['table\tpublic.Blogs', 'table\tpublic.Posts', 'shard\t'].map((line) => `${shard}\t${line}\tsame\t\n`)).join('')}`,
      err: '6 same\n',
    });
  });

  it('tells what is different, what lacks on the shard and what is there besides, and changes nothing', async () => {
    await a.query(sqlText('alter table "Blogs" no force row level security; grant truncate on "Blogs" to tenantry_app'));
    await a.query(sqlText('drop policy tenantry_superuser on "Posts"'));
    await b.query(sqlText('create policy tenantry_own on "Blogs" as restrictive to tenantry_app using (true)'));
    await b.query(sqlText('alter table "Posts" no force row level security; drop policy tenantry_mover on "Posts"'));
    const { code, states, lines, err } = await diff();
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(states).toEqual([
      'a table public.Blogs different',
      'a table public.Posts missing',
      'a shard different',
      'b table public.Blogs extra',
      'b table public.Posts different',
      'b shard different',
    ]);
    expect(lines[0]?.items).toEqual([
      { item: 'row security', state: 'different', before: 'enabled', after: 'forced' },
      {
        item: 'rights of tenantry_app',
        state: 'different',
        before: 'delete, insert, select, truncate, update',
        after: 'delete, insert, select, update',
      },
    ]);
    expect(lines[1]?.what).toBe('policy tenantry_superuser is missing');
    expect(lines[3]?.what).toBe('policy tenantry_own is not in the model: restrictive all to tenantry_app using true check none');
    expect((await diff()).lines).toEqual(lines);
  });

  it('names tables that are missing, and those that look routed', async () => {
    await a.query(sqlText('alter table "Posts" rename to "Old"'));
    await a.query(sqlText('create table "Later" ("TenantId" integer, "Id" integer); create table "Others" ("Id" integer)'));
    const { states, lines } = await diff('--shard a');
    expect(states).toEqual([
      'a table public.Blogs same',
      'a table public.Later extra',
      'a table public.Old extra',
      'a table public.Posts missing',
      'a shard different',
    ]);
    expect(lines.slice(1, -1).map(({ what }) => what)).toEqual([
      "It has policies of Tenantry's, and is not in the configuration. It has a column TenantId, and is not in the configuration.",
      "It has policies of Tenantry's, and is not in the configuration. It has a column TenantId, and is not in the configuration.",
      'It does not exist in the shard.',
    ]);
    await a.query(sqlText('drop table "Later", "Others"; alter table "Old" rename to "Posts"'));
  });

  it('reads the other shards where one cannot be read, and says why', async () => {
    const moveTo = (database: string): Promise<unknown> =>
      catalog.query(sqlText(`update tenantry.shard set database = '${database}' where name = 'a'`));
    await moveTo('nowhere');
    try {
      const { code, lines, states, err } = await diff();
      expect({ code, states }).toEqual({
        code: 1,
        states: ['a shard unreadable', 'b table public.Blogs same', 'b table public.Posts same', 'b shard same'],
      });
      expect(lines[0]?.what).toMatch(/\(SHARD_UNAVAILABLE\)$/);
      expect(JSON.parse(err)).toMatchObject({ version: 1, error: { code: 'SHARD_UNAVAILABLE' } });
    } finally {
      await moveTo('shop_a');
    }
  });

  it('tells of a shard that is not accepted what nobody accepted of it, whatever it is of', async () => {
    await a.query(sqlText('create view "All" as select * from "Blogs"; grant select on "All" to tenantry_app'));
    try {
      const { code, states, lines } = await diff('--shard a');
      expect({ code, states }).toEqual({
        code: 2,
        states: ['a table public.Blogs same', 'a table public.Posts same', 'a shard different'],
      });
      const [line] = lines.slice(-1);
      expect(line?.what).toBe(
        'It may serve no tenants: what protects its tenants was changed and not accepted: rights public."All" (added), view public."All" (added).',
      );
      expect(line?.items).toEqual(
        ['rights', 'view'].map((kind) => ({
          item: `${kind} public."All"`,
          state: 'extra',
          before: 'added since it was accepted',
          after: null,
        })),
      );
      expect(await diff('--shard a --table Blogs')).toMatchObject({ code: 2, states: ['a table public.Blogs same', 'a shard different'] });
      const { code: pending, out } = await world.run('policy apply --shard a --dry-run');
      expect({ pending, out }).toEqual({
        pending: 2,
        out: 'shard a: 2 to accept as it is\n  to accept as it is: rights public."All" (added since it was accepted)\n  to accept as it is: view public."All" (added since it was accepted)\n',
      });
    } finally {
      await a.query(sqlText('drop view "All"'));
    }
  });

  it('shows one table where one is named, and refuses a name that is none', async () => {
    expect((await diff('--table Blogs --shard b')).states).toEqual(['b table public.Blogs same', 'b shard same']);
    expect((await diff('--table public.Posts')).states).toEqual([
      'a table public.Posts same',
      'a shard same',
      'b table public.Posts same',
      'b shard same',
    ]);
    expect(await diff('--table Nothing')).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no table or procedure Nothing') as string,
    });
    expect(await diff('--shard z')).toMatchObject({ code: 1, err: expect.stringContaining('The map has no shard z') as string });
  });
});

describe('drift that the configuration accepts for a while', () => {
  const reason = 'Change 4711.';
  const object = 'public.Blogs: rights of tenantry_mover';
  const lessen = sqlText('revoke insert on "Blogs" from tenantry_mover');
  const dayIn = (days: number): string => new Date(Date.now() + 86_400_000 * days).toISOString().slice(0, 10);
  const endIn = (days: number): string => `${dayIn(days + 1)}T00:00:00.000Z`;
  const accepting = (drift: object): Promise<void> =>
    writeFile(join(world.folder, 'drift.json'), configuration({ drift: [{ shards: ['a'], reason, ...drift }] }));
  const run = (line: string): ReturnType<CliWorld['run']> => world.run(`${line} --config drift.json`);
  const validUntil = async (): Promise<number | null> =>
    (await a.run<{ validUntilMs: number | null }>('policy/signatures')).rows[0]?.validUntilMs ?? null;
  const findings = async (): Promise<{ subject: string; level: string; text: string; remedy?: string }[]> =>
    itemsOf((await run('doctor --json')).out);

  beforeEach(async () => {
    expect((await world.run('policy apply')).code).toBe(0);
  });

  it('is told by policy diff with its end and its reason, and left as it is by policy apply, which accepts it until then', async () => {
    await a.query(lessen);
    await accepting({ object, until: dayIn(30) });
    expect((await world.run('policy diff')).code).toBe(2);
    const { code, out, err } = await run('policy diff --json --shard a --table Blogs');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(itemsOf(out)).toMatchObject([
      { state: 'accepted', items: [{ accepted: { until: endIn(30), reason } }] },
      { of: 'shard', object: null, state: 'different' },
    ]);
    expect(itemsOf((await run('policy apply --dry-run --json --shard a')).out)).toMatchObject([
      { changes: [{ item: 'rights public."Blogs"', after: `accepted until ${endIn(30)}` }] },
    ]);
    expect(await run('policy apply')).toMatchObject({ code: 0 });
    expect(await validUntil()).toBe(Date.parse(endIn(30)));
    expect(await run('policy apply --dry-run')).toMatchObject({ code: 0 });
    expect((await run('policy diff')).code).toBe(0);
    expect(await findings()).toContainEqual({
      subject: 'shard a',
      level: 'ok',
      text: `${object} may stay as it is until ${endIn(30)}: ${reason}`,
    });
  });

  it('is warned of in the week before its end, and accepted for another time once its entry is renewed', async () => {
    await a.query(lessen);
    await accepting({ object, until: dayIn(3) });
    expect((await run('policy apply')).code).toBe(0);
    expect(await findings()).toContainEqual({
      subject: 'shard a',
      level: 'warning',
      text: `${object} may stay as it is until ${endIn(3)}: ${reason}. Then it may serve no tenants.`,
      remedy: expect.stringContaining('renew the entry') as string,
    });
    await accepting({ object, until: dayIn(60) });
    const renewal = {
      kind: 'renew',
      item: 'end of what was accepted',
      before: `accepted until ${endIn(3)}`,
      after: `accepted until ${endIn(60)}`,
    };
    expect(itemsOf((await run('policy apply --dry-run --json --shard a')).out)).toMatchObject([{ changes: [renewal] }]);
    expect((await run('policy apply')).code).toBe(0);
    expect(await validUntil()).toBe(Date.parse(endIn(60)));
  });

  it('is set back by policy apply once its entry is gone or over, where it is of a configured table', async () => {
    await a.query(lessen);
    await accepting({ object, until: dayIn(30) });
    expect((await run('policy apply')).code).toBe(0);
    await accepting({ object, until: dayIn(-1) });
    expect((await run('policy diff')).code).toBe(2);
    expect(await findings()).toContainEqual({
      subject: 'configuration, drift[0]',
      level: 'warning',
      text: `The time of ${object} was over with ${dayIn(-1)}: it is no accepted drift any more.`,
      remedy: 'take the entry away, or renew it',
    });
    expect((await run('policy apply')).code).toBe(0);
    expect(await validUntil()).toBeNull();
    expect((await world.run('policy diff')).code).toBe(0);
  });

  it('keeps tenants out once its time is over, until something is done about it', async () => {
    const { shardId } = (
      await catalog.query<{ shardId: string }>(sqlText(`select shard_id as "shardId" from tenantry.shard where name = 'a'`))
    ).rows[0]!;
    const signer = createShardSigner({ current: fleetKeyFromBase64(world.environment['TENANTRY_FLEET_KEY']!, 'It') }, shardId);
    await a.query(sqlText('create view "Totals" as select 1 as one; grant select on "Totals" to tenantry_app'));
    const over = { object: 'view public."Totals"', reason, untilMs: Date.now() - 1_000 };
    const tables = ['Blogs', 'Posts'].map((table) => ({ schema: 'public', table, tenantColumn: 'TenantId' }));
    await a.transaction((session) =>
      accept(session, postgresPolicyRenderer, tables, { signer, acceptedBy: 'tests' }, { nowMs: Date.now(), drift: [over], kept: [] }),
    );
    const { out } = await world.run('policy verify --json --shard a');
    expect(itemsOf(out)).toMatchObject([{ objection: 'the time for which what protects its tenants was accepted is over' }]);
    expect((await world.run('policy apply')).code).toBe(0);
    expect((await world.run('policy verify --shard a')).code).toBe(0);
    await a.query(sqlText('drop view "Totals"'));
  });

  it('is nothing that is always there, which would close a shard on its day; doctor warns of an entry that comes to nothing', async () => {
    for (const idle of ['table public."Blogs"', 'trigger public."Blogs" tenantry_capture_insert', 'view public."Totals"']) {
      await accepting({ object: idle, until: dayIn(30) });
      expect((await run('policy apply')).code).toBe(0);
      expect(await validUntil(), idle).toBeNull();
      expect(await findings()).toContainEqual(
        expect.objectContaining({
          subject: 'shard a',
          level: 'warning',
          text: `It has no ${idle} that differs: drift[0] of the configuration comes to nothing on it.`,
        }),
      );
    }
  });

  it('may be an object of the shard that no policy is made of', async () => {
    await a.query(
      sqlText('create view "Totals" with (security_invoker) as select count(*) from "Blogs"; grant select on "Totals" to tenantry_app'),
    );
    await accepting({ object: 'view public."Totals"', until: dayIn(30) });
    expect((await run('policy apply')).code).toBe(0);
    expect(await validUntil()).toBe(Date.parse(endIn(30)));
    const told = await run('policy diff --shard a');
    expect({ code: told.code, last: told.out.split('\n').at(-2) }).toEqual({
      code: 0,
      last: `a\tshard\t\taccepted\tview public."Totals" is there, accepted until ${endIn(30)}: ${reason}`,
    });
    await a.query(sqlText('drop view "Totals"'));
    expect((await run('policy apply')).code).toBe(0);
    expect(await validUntil()).toBeNull();
  });

  it('is never accepted for good by an entry that is over: nothing is, until the object or the entry is gone or renewed', async () => {
    await a.query(
      sqlText('create view "Totals" with (security_invoker) as select count(*) from "Blogs"; grant select on "Totals" to tenantry_app'),
    );
    const entry = { object: 'view public."Totals"' };
    await accepting({ ...entry, until: dayIn(30) });
    expect((await run('policy apply')).code).toBe(0);
    await accepting({ ...entry, until: dayIn(-1) });
    const refusal = `view public."Totals", until ${endIn(-1)}: ${reason}\nTake each away, or renew its entry`;
    for (const line of [
      'policy apply --shard a',
      'policy apply --dry-run --shard a',
      `policy plan --shard a --out ${join(world.folder, 'p.json')}`,
    ]) {
      const { code, out, err } = await run(line);
      expect({ line, code, said: `${out}${err}` }).toEqual({ line, code: 1, said: expect.stringContaining(refusal) as string });
    }
    expect(await findings()).toContainEqual(
      expect.objectContaining({ level: 'problem', text: expect.stringContaining(refusal) as string }),
    );
    expect(await validUntil()).toBe(Date.parse(endIn(30)));
    await accepting({ ...entry, until: dayIn(40) });
    expect((await run('policy apply')).code).toBe(0);
    expect(await validUntil()).toBe(Date.parse(endIn(40)));
    await a.query(sqlText('drop view "Totals"'));
    await accepting({ ...entry, until: dayIn(-1) });
    expect((await run('policy apply')).code).toBe(0);
    expect(await validUntil()).toBeNull();
  });
});

describe('an override in force', () => {
  it('is told by doctor and shard show, with its end, who decided it and why, until it is ended', async () => {
    const before = JSON.parse((await world.run('shard show a --json')).out) as { override: unknown };
    expect(before.override).toBeNull();
    expect(await world.run('policy override --shard a --for 5m --reason reviewed --dry-run')).toMatchObject({
      code: 2,
      out: 'Would be done: shard a: tenants are let in for 300 s\n',
    });
    expect(JSON.parse((await world.run('shard show a --json')).out)).toMatchObject({ override: null });
    expect((await world.run('policy override --shard a --for 5m --reason reviewed --actor Ann')).code).toBe(0);
    const { override } = JSON.parse((await world.run('shard show a --json')).out) as { override: { until: string } };
    expect(override).toEqual({ until: expect.stringMatching(/^20/) as string, reason: 'reviewed', decidedBy: 'Ann', isSigned: true });
    const told = `enants are let in until ${override.until} whatever protects them, by Ann: reviewed`;
    expect((await world.run('shard show a')).out).toContain(told);
    const { code, out } = await world.run('doctor');
    expect(code).toBe(0);
    expect(out).toContain(`shard a: T${told}\n         run: tenantry policy override --shard a --end`);
    const root = world.openDatabase('shop_a');
    await root.query(
      sqlText(
        `update tenantry_watch.gate set override_signature = decode(repeat('00', 32), 'hex'), override_by = null, override_reason = null`,
      ),
    );
    const unsigned = `Tenants are let in until ${override.until} whatever protects them, by somebody who is not named. The override is signed by no key of the fleet`;
    for (const line of ['shard show a', 'doctor']) expect((await world.run(line)).out).toContain(unsigned);
    expect((await world.run('policy override --shard a --end')).code).toBe(0);
    expect((await world.run('doctor')).out).not.toContain('are let in until');
    expect((await world.run('shard show a')).out).not.toContain('are let in until');
  });
});

it('A shard whose definitions not every trigger watches is told by doctor', async () => {
  const warning = 'shard a: Not every trigger that watches its definitions is there and switched on';
  const root = world.openDatabase('shop_a');
  const isWarned = async (): Promise<boolean> => (await world.run('doctor')).out.includes(warning);
  expect(await isWarned()).toBe(false);
  for (const lessened of ['tenantry_changed disable', 'tenantry_dropped enable']) {
    await root.query(sqlText(`alter event trigger ${lessened}`));
    try {
      expect(await isWarned()).toBe(true);
    } finally {
      await root.query(sqlText(`alter event trigger ${lessened.split(' ')[0]} enable always`));
    }
  }
});

describe('a service with a webhook', () => {
  it('tells it of a shard that nobody uses once it is swept, and of the end, and counts both', async () => {
    expect((await world.run('policy apply')).code).toBe(0);
    const types: string[] = [];
    const hook = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { type, data } = JSON.parse(Buffer.concat(chunks).toString()) as { type: string; data: { shard: string } };
        types.push(`${data.shard} ${type}`);
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    const webhook = { url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/` };
    await writeFile(join(world.folder, 'hook.json'), configuration({ webhook, limits: { protectionSweepMs: 1_000 } }));
    const stop = new AbortController();
    const listening = Promise.withResolvers<{ ops: string }>();
    const served = world.run('serve --json --config hook.json', {
      stop: stop.signal,
      onOutput: (text) => listening.resolve(JSON.parse(text) as { ops: string }),
    });
    try {
      const { ops } = await Promise.race([listening.promise, served.then(({ err }) => Promise.reject(new Error(err)))]);
      await b.query(sqlText('create view "Leak" as select * from "Blogs"; grant select on "Leak" to tenantry_app'));
      await eventually(() => expect(types).toEqual(['b shard.unverified.found']));
      await b.query(sqlText('drop view "Leak"'));
      await eventually(() => expect(types).toEqual(['b shard.unverified.found', 'b shard.unverified.ended']));
      expect(await (await fetch(`${ops}/metrics`)).text()).toContain('tenantry_webhook_notices_total{outcome="delivered"} 2');
    } finally {
      await b.query(sqlText('drop view if exists "Leak"'));
      stop.abort();
      await served;
      hook.closeAllConnections();
      await new Promise((resolve) => hook.close(resolve));
    }
  });
});
