import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { createCliWorld, type CliWorld } from './world.ts';
import { itemsOf } from '../../support/command-line.ts';

const names = ['a', 'b', 'c'] as const;
let world: CliWorld;
let catalog: SqlDatabase;
let shards: Readonly<Record<(typeof names)[number], SqlDatabase>>;

interface AuditRow {
  readonly runId: string;
  readonly actor: string;
  readonly subject: string;
  readonly outcome: string;
  readonly detail: object;
}

beforeAll(async () => {
  world = await createCliWorld();
  const opened = [];
  for (const name of names) opened.push([name, await world.createShardDatabase(`shop_${name}`)] as const);
  shards = Object.fromEntries(opened) as typeof shards;
  await run('map create');
  for (const name of names)
    await run(`shard add ${name} --host ${world.server.host} --port ${world.server.port} --database shop_${name} --bootstrap`);
  catalog = world.openDatabase('catalog');
});
afterAll(() => world.close());
beforeEach(async () => {
  await run('policy apply');
  await catalog.query(sqlText('truncate tenantry.audit restart identity'));
});

async function run(line: string): Promise<string> {
  const { code, out, err } = await world.run(line);
  if (code !== 0) throw new Error(`${line}: ${err}`);
  return out;
}

async function drift(...on: readonly (typeof names)[number][]): Promise<void> {
  for (const name of on) await shards[name].query(sqlText('alter table "Blogs" no force row level security'));
}

/** Row security is not all of what protects a table. */
const setBack =
  '1 changed, 1 accepted as it is\n  public.Blogs: row security\n  accepted as it is: table public."Blogs" (changed since it was accepted)\n';

async function audited(): Promise<AuditRow[]> {
  return itemsOf<AuditRow>(await run('audit list --json')).toReversed();
}

describe('policy apply over a fleet', () => {
  it('changes one shard, then the others, and the audit trail says who, what and how it ended', async () => {
    await drift('b', 'c');
    const { code, out, err } = await world.run('policy apply --actor Berta');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`shard b (canary): ${setBack}shard a: as the configuration says\nshard c: ${setBack}`);
    const rows = await audited();
    expect(rows.map(({ actor, subject, outcome }) => `${actor}: ${subject} ${outcome}`)).toEqual([
      'Berta: shard b BEGUN',
      'Berta: shard b DONE',
      'Berta: shard c BEGUN',
      'Berta: shard c DONE',
    ]);
    expect(new Set(rows.map(({ runId }) => runId)).size).toBe(1);
    expect(rows[1]).toMatchObject({
      action: 'policy apply',
      detail: { map: 'customers', changes: 2, objects: ['public.Blogs'], accepted: ['table public."Blogs"'] },
      recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
    });
  });

  it('is done and recorded where the catalog cannot be told what was signed, says so, and tells it when run again', async () => {
    const latest = async (): Promise<number> =>
      (await catalog.query<{ number: number }>(sqlText(`select accepted_number as number from tenantry.shard where name = 'a'`))).rows[0]!
        .number;
    const before = await latest();
    await drift('a');
    await catalog.query(
      sqlText(`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$;
        create trigger refused before update of accepted_number on tenantry.shard for each row execute function refuse()`),
    );
    try {
      const { code, err } = await world.run('policy apply --shard a');
      expect({ code, err }).toEqual({
        code: 1,
        err: expect.stringMatching(
          /^shard a: the catalog does not know yet what was signed last there, and policy verify tells it: .*\nerror: It is done\. The catalog does not know what was signed last, until policy verify tells it: shard a \(UNRECORDED\)\n$/,
        ) as string,
      });
      expect((await audited()).map(({ outcome }) => outcome)).toEqual(['BEGUN', 'DONE']);
      expect(await latest()).toBe(before);
    } finally {
      await catalog.query(sqlText('drop function refuse cascade'));
    }
    const untold = 'The catalog does not know what was signed last of its protection';
    expect((await world.run('doctor')).out).toContain(untold);
    expect(await run('policy apply --shard a')).toBe('shard a: as the configuration says\n');
    expect(await latest()).toBeGreaterThan(before);
    expect((await world.run('doctor')).out).not.toContain(untold);
  });

  it('and policy verify and override have the catalog forget numbers of a time when a clock was ahead, which doctor tells', async () => {
    const numbers = async (): Promise<object | undefined> =>
      (
        await catalog.query(
          sqlText(`select accepted_number as accepted, override_number as overridden from tenantry.shard where name = 'a'`),
        )
      ).rows[0];
    const { rows } = await shards.a.query<{ number: number }>(sqlText('select number from tenantry_watch.accepted'));
    const [{ number: accepted }] = rows as [{ number: number }];
    const ahead = Date.now() + 3 * 86_400_000;
    const tellAhead = sql`update tenantry.shard set accepted_number = ${ahead}, override_number = ${ahead} where name = 'a'`;
    const untold = 'The catalog does not know what was signed last of its protection';

    await catalog.query(tellAhead);
    expect((await world.run('doctor')).out).toContain(untold);
    await run('policy verify --shard a');
    expect(await numbers()).toEqual({ accepted, overridden: ahead });
    expect((await world.run('doctor')).out).not.toContain(untold);

    await catalog.query(tellAhead);
    const before = Date.now();
    await run('policy override --shard a --end');
    const { overridden } = (await numbers()) as { overridden: number };
    expect(overridden).toBeGreaterThanOrEqual(before);
    expect(overridden).toBeLessThan(ahead);
    expect(await run('policy apply --shard a')).toBe('shard a: as the configuration says\n');
    expect(await numbers()).toEqual({ accepted, overridden });
  });

  it.each([
    'policy apply --shard a',
    'policy override --shard a --for 1m --reason tried',
    'policy override --shard a --end',
    'shard provision a --bootstrap',
  ])('%s ends with 1 where it is done and the audit trail has only its beginning, and tells what came of it', async (line) => {
    await drift('a');
    await catalog.query(
      sqlText(`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$;
        create trigger refused before insert on tenantry.audit for each row when (new.outcome = 'DONE') execute function refuse()`),
    );
    try {
      const { code, out, err } = await world.run(`${line} --json`);
      const { items: [told] = [JSON.parse(out) as object] } = JSON.parse(out) as { items?: [object] };
      expect({ code, told, error: (JSON.parse(err) as { error: object }).error }).toMatchObject({
        code: 1,
        told: { shard: 'a', unrecorded: { code: 'STATEMENT_FAILED' } },
        error: {
          code: 'UNRECORDED',
          retryable: false,
          message: expect.stringContaining('It is done. The audit trail has only that it was begun: shard a.') as string,
        },
      });
      expect((await audited()).map(({ outcome }) => outcome)).toEqual(['BEGUN']);
    } finally {
      await catalog.query(sqlText('drop function refuse cascade'));
    }
  });

  it('records the user of the operating system where nobody else is named, and lists the last first', async () => {
    await drift('a');
    await run('policy apply --shard a');
    expect((await audited()).map(({ actor }) => actor)).toEqual(['ann', 'ann']);
    const listed = await run('audit list --limit 1');
    expect(listed.split('\n')[0]).toBe('recordedAt\tactor\taction\tsubject\toutcome\tdetail');
    expect(listed).toContain('\tann\tpolicy apply\tshard a\tDONE\t');
    expect(listed).not.toContain('BEGUN');
  });

  it('stops where the first shard is not let in by the gate, and goes on when run again', async () => {
    await drift('a', 'b', 'c');
    // Nothing that policy apply manages: the gate alone objects.
    const { user: bootstrap } = world.server;
    await shards.b.query(sqlText(`set role ${bootstrap}; grant tenantry_mover to t_app`));
    const { code, out, err } = await world.run('policy apply --canary b --json');
    const results = itemsOf<{ shard: string; outcome: string; canary?: true; error?: object }>(out);
    expect(results.map(({ shard, outcome }) => `${shard} ${outcome}`)).toEqual(['b failed', 'a not reached', 'c not reached']);
    expect(results[0]).toMatchObject({ canary: true, error: { code: 'SHARD_UNVERIFIED' } });
    expect({ code, err: JSON.parse(err) as unknown }).toMatchObject({
      code: 1,
      err: {
        error: {
          code: 'SHARD_UNVERIFIED',
          message: expect.stringMatching(/On shard b: .*0 shards changed, 0 already so, 1 failed, 2 not reached/) as string,
        },
      },
    });
    expect((await audited()).map(({ subject, outcome }) => `${subject} ${outcome}`)).toEqual(['shard b BEGUN', 'shard b FAILED']);

    await shards.b.query(sqlText('revoke tenantry_mover from t_app'));
    expect(await run('policy apply')).toMatch(
      /^shard a \(canary\): 1 changed, 1 accepted as it is\n  public.Blogs: row security\n[^]*\nshard c: 1 changed, 1 accepted as it is\n/,
    );
  });

  it('tells in a dry run of the other shards where it cannot be done on one, and ends with 1', async () => {
    await drift('a');
    await shards.c.query(sqlText('alter table "Posts" rename to "Elsewhere"'));
    try {
      const { code, out, err } = await world.run('policy apply --dry-run --json');
      expect({ code, err: (JSON.parse(err) as { error: object }).error }).toMatchObject({
        code: 1,
        err: { code: 'INVALID_CONFIGURATION' },
      });
      expect(itemsOf(out)).toMatchObject([
        { shard: 'a', outcome: 'pending', changes: [{ object: 'public.Blogs' }, { of: 'shard' }] },
        { shard: 'b', outcome: 'already so', changes: [] },
        { shard: 'c', outcome: 'failed', error: { code: 'INVALID_CONFIGURATION' } },
      ]);
      await catalog.query(sqlText('alter database shop_b allow_connections false'));
      const { out: lines } = await world.run('policy apply --dry-run');
      expect(lines).toMatch(/\nshard b: could not be looked at: .*\nshard c: cannot be done: The tables of the shard do not fit/);
    } finally {
      await catalog.query(sqlText('alter database shop_b allow_connections true'));
      await shards.c.query(sqlText('alter table "Elsewhere" rename to "Posts"'));
    }
  });

  it('changes nothing anywhere where one shard cannot be looked at, or first is none of them', async () => {
    await drift('a');
    for (const name of ['b', 'c'] as const) await shards[name].query(sqlText('alter table "Posts" rename to "Elsewhere"'));
    const { code, out, err } = await world.run('policy apply');
    expect(code).toBe(1);
    expect(out).toMatch(
      /^shard a: not reached\nshard b: failed: The tables of the shard do not fit:\n- public\.Posts .*\nshard c: failed: The tables .*\n- public\.Posts .*\n$/,
    );
    expect(err).toMatch(/^error: It failed on 2 shards, as told of each: b, c \(INVALID_CONFIGURATION\)/);
    await shards.b.query(sqlText('alter table "Elsewhere" rename to "Posts"'));
    await catalog.query(sqlText('alter database shop_b allow_connections false'));
    const { out: json, err: failure } = await world.run('policy apply --json');
    expect(itemsOf(json)).toMatchObject([
      { shard: 'a', outcome: 'not reached', changes: [] },
      { shard: 'b', outcome: 'failed', error: { code: 'SHARD_UNAVAILABLE' } },
      { shard: 'c', outcome: 'failed', error: { code: 'INVALID_CONFIGURATION' } },
    ]);
    expect(JSON.parse(failure)).toMatchObject({ error: { code: 'SHARD_UNAVAILABLE' } });
    await catalog.query(sqlText('alter database shop_b allow_connections true'));
    await shards.c.query(sqlText('alter table "Elsewhere" rename to "Posts"'));
    expect((await world.run('policy apply --canary z')).err).toContain('Shard z cannot come first');
    expect(await audited()).toEqual([]);
    expect(await world.run('policy apply --dry-run --json')).toMatchObject({ code: 2 });
  });

  it('is over after the shard under way when it is told to stop', async () => {
    await drift('a', 'b', 'c');
    const stop = new AbortController();
    const stopped = await world.run('policy apply --concurrency 1', { stop: stop.signal, onOutput: () => stop.abort() });
    expect(stopped).toMatchObject({
      code: 1,
      out: `shard a (canary): ${setBack}shard b: not reached\nshard c: not reached\n`,
      err: expect.stringContaining('It was stopped between shards: 1 shard changed, 0 already so, 0 failed, 2 not reached') as string,
    });
  });

  it.each([
    ['policy apply --concurrency 0', 'a whole number from 1 to 64'],
    ['policy apply --wait a', 'a whole number from 0 to 86400'],
    ['audit list --limit 0', 'a whole number from 1 to 100000'],
  ])('%s is refused', async (line, message) => {
    expect(await world.run(line)).toMatchObject({ code: 1, err: expect.stringContaining(message) as string });
  });

  it('refuses an actor that is no name', async () => {
    expect((await world.run('policy apply --actor \t')).err).toContain('1 to 128 characters');
  });
});
