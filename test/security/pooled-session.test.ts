import { expect } from 'vitest';
import { holdRows } from '../support/held-rows.ts';
import { defences } from './defences.ts';
import { describeAttacks, succeeded, type Attack } from './support/attack.ts';
import { notes, trafficOf, type Rows, type Traffic } from './support/traffic.ts';
import { rowsOf, type World } from './support/world.ts';
import { eventually } from '../support/eventually.ts';

/** Over one connection: what the attacker was shown, or what the victim met. */
const onOneConnection =
  (deeds: (traffic: Traffic, world: World) => Promise<unknown>): Attack =>
  async (world) => {
    const traffic = await trafficOf(world);
    try {
      return await deeds(traffic, world);
    } finally {
      await traffic.close();
    }
  };
/** Tenant 1 leaves something; harm is done where tenant 2 finds anything but what a new session has. */
const leave = (text: string, look: string, asNew: string): Attack =>
  onOneConnection(async (traffic) => {
    await traffic.query(1, text);
    const found = Object.values((await traffic.query(2, look))[0] ?? {})[0];
    return found === asNew ? 'as new' : succeeded;
  });
/** What `random()` gives first after `setseed(0.5)`, in every session of PostgreSQL 15 and later. */
const randomAfterSeed = 0.9851677175347999;
/** Tenant 2 leaves something of its own; tenant 1 tries to have it. */
const find = (left: string, text: string): Attack =>
  onOneConnection(async (traffic): Promise<Rows> => {
    await traffic.query(2, left);
    return traffic.query(1, text);
  });

/** Tenant 1 changes what every connection of its login has from then on: its password, its settings. */
const changeLogin = (text: (app: string) => string): Attack =>
  onOneConnection(async (traffic, world) => {
    const { user } = world.appLogin;
    const stand = `select rolpassword, setconfig from pg_authid r left join pg_db_role_setting on setrole = r.oid where rolname = '${user}'`;
    const before = await rowsOf(world.root, stand);
    await traffic.query(1, text(user)).catch(() => undefined);
    return JSON.stringify(await rowsOf(world.root, stand)) === JSON.stringify(before) ? 'as before' : succeeded;
  });

describeAttacks(
  'What one tenant leaves for every connection of its login',
  {
    'another password': changeLogin((app) => `alter role ${app} password 'taken'`),
    'a setting': changeLogin((app) => `alter role ${app} set search_path = pg_catalog`),
    'another password, by a block': changeLogin((app) => `do $$ begin alter role ${app} password 'taken'; end $$`),
  },
  defences['every connection'],
);

describeAttacks(
  'What one tenant leaves in a pooled session',
  {
    'a temporary table in place of a real one': onOneConnection(async (traffic, { root, database }) => {
      await root.query(`grant temporary on database ${database} to public`);
      await traffic.query(1, 'create temporary table "Notes" ("TenantId" integer, "NoteId" integer, "Text" text)');
      await traffic.query(2, `insert into "Notes" values (2, ${freshNote()}, 'tenant-2 note')`);
      return traffic.query(1, 'select * from "Notes"');
    }),
    'a cursor WITH HOLD': find('declare held cursor with hold for select * from "Blogs"', 'fetch all from held'),
    'a prepared statement': find(`prepare mine as select 'tenant-2 prepared'`, 'execute mine'),
    'a session-wide isolation level': leave(
      'set session characteristics as transaction isolation level repeatable read',
      'show default_transaction_isolation',
      'read committed',
    ),
    'a search path': leave('set search_path = pg_catalog', 'show search_path', 'public,pg_temp'),
    'a statement timeout': leave('set lock_timeout = 12345', 'show lock_timeout', '0'),
    'the logging of parameters': leave('set log_parameter_max_length_on_error = -1', 'show log_parameter_max_length_on_error', '0'),
    'the printing of plans': leave('set debug_print_plan = on', 'show debug_print_plan', 'off'),
    'a role that was set': leave('set role tenantry_app', 'show role', 'none'),
    'the last value of a sequence': find(`select nextval('"Visits"')`, `select 'tenant-2 visit ' || lastval() as visit`),
    'the value of a sequence': find(`select nextval('"Visits"')`, `select 'tenant-2 visit ' || currval('"Visits"') as visit`),
    'the seed of random numbers': onOneConnection(async (traffic) => {
      await traffic.query(1, 'select setseed(0.5)');
      const { value } = (await traffic.query(2, 'select random() as value'))[0] ?? {};
      return value === randomAfterSeed ? succeeded : 'not foretold';
    }),
    'the text of a statement that stays prepared': find(`select 'tenant-2 literal'`, 'select statement from pg_prepared_statements'),
    'a channel that is listened to': leave('listen anything', 'select count(*)::text from pg_listening_channels()', '0'),
  },
  defences['pooled session'],
);

/**
 * The owner of the schema has made this before anybody connected; no other attack finds it, whose connection would be reset for its sake.
 */
const withCode =
  (code: string, deeds: (traffic: Traffic) => Promise<unknown>): Attack =>
  async (world) => {
    await world.root.query(code);
    try {
      return await onOneConnection(deeds)(world);
    } finally {
      await world.root.query('drop function if exists leaves(), last_visit(), on_note() cascade');
    }
  };
const leaving = (body: string, as: 'security invoker' | 'security definer' = 'security invoker'): string =>
  `create or replace function leaves() returns void language plpgsql ${as} as $$ begin ${body} end $$;
    grant execute on function leaves() to tenantry_app`;
const byFunction = (body: string, look: string, asNew: string, as?: Parameters<typeof leaving>[1]): Attack =>
  withCode(leaving(body, as), (traffic) => traffic.query(1, 'select leaves()').then(() => looked(traffic, look, asNew)));
const looked = async (traffic: Traffic, look: string, asNew: string): Promise<unknown> =>
  Object.values((await traffic.query(2, look))[0] ?? {})[0] === asNew ? 'as new' : succeeded;

describeAttacks(
  'What code of the schema’s owner leaves in a pooled session',
  {
    'a cursor WITH HOLD': withCode(leaving(`execute 'declare held cursor with hold for select * from "Blogs"';`), async (traffic) => {
      await traffic.query(2, 'select leaves()');
      return traffic.query(1, 'fetch all from held');
    }),
    'a cursor WITH HOLD of a transaction': withCode(
      leaving(`execute 'declare held cursor with hold for select * from "Blogs"';`),
      async (traffic) => {
        await traffic.transaction(2, {}, async (run) => void (await run('select leaves()')));
        return traffic.query(1, 'fetch all from held');
      },
    ),
    'a setting': byFunction('set lock_timeout = 12345;', 'show lock_timeout', '0'),
    'a setting of a condition, behind a comment': byFunction(
      'if true then /* for a while */ set session lock_timeout = 12345; end if;',
      'show lock_timeout',
      '0',
    ),
    'a channel that is listened to': byFunction('listen anything;', 'select count(*)::text from pg_listening_channels()', '0'),
    'a setting of a trigger': withCode(
      `create or replace function on_note() returns trigger language plpgsql as $$ begin set lock_timeout = 12345; return new; end $$;
        create or replace trigger on_note before insert on "Notes" for each row execute function on_note()`,
      async (traffic) => {
        await traffic.query(1, `insert into "Notes" values (1, ${freshNote()}, 'mine')`);
        return looked(traffic, 'show lock_timeout', '0');
      },
    ),
    'a setting of a body in standard SQL': withCode(
      `create function leaves() returns text language sql security definer
          begin atomic select set_config('shop.note', 'tenant-2 setting', false); end;
        grant execute on function leaves() to tenantry_app`,
      async (traffic) => {
        await traffic.query(2, 'select leaves()');
        return traffic.query(1, `select current_setting('shop.note', true) as note`);
      },
    ),
    'a setting by way of the view of settings': byFunction(
      `update pg_settings set setting = '12345' where name = 'lock_timeout';`,
      'show lock_timeout',
      '0',
      'security definer',
    ),
    'a temporary table': withCode(
      leaving(
        `create temporary table if not exists found on commit preserve rows as select * from "Blogs" where "TenantId" = tenantry.current_tenant();
          grant select on found to tenantry_app;`,
        'security definer',
      ),
      async (traffic) => {
        await traffic.query(2, 'select leaves()');
        return traffic.query(1, 'select * from pg_temp.found');
      },
    ),
    'the value of a sequence, told by a function': withCode(
      `create or replace function last_visit() returns text language sql security definer as $$ select 'tenant-2 visit ' || lastval() $$;
        grant execute on function last_visit() to tenantry_app`,
      async (traffic) => {
        await traffic.query(2, `select nextval('"Visits"')`);
        return traffic.query(1, 'select last_visit()');
      },
    ),
  },
  defences['code in a pooled session'],
);

/** Tenant 1's transaction is interrupted after a write; harm is done where the write stays, or tenant 2 suffers. */
const interrupt = (
  options: { timeoutMs?: number },
  how: (run: (text: string) => Promise<Rows>, context: { world: World; abort: () => void }) => Promise<unknown>,
): Attack =>
  onOneConnection(async (traffic, world) => {
    const abort = new AbortController();
    const failed = await traffic
      .transaction(1, { ...options, signal: abort.signal }, async (run) => {
        await run(`insert into "Notes" values (1, ${freshNote()}, 'interrupted')`);
        await how(run, { world, abort: () => abort.abort() });
      })
      .then(
        () => false,
        () => true,
      );
    if (!failed) throw new Error('The transaction was not interrupted.');
    const served: Rows[] = [];
    await traffic
      .transaction(2, {}, async (run) => {
        served.push(await run('select min("TenantId") as low, max("TenantId") as high, tenantry.current_tenant() as tenant from "Blogs"'));
      })
      .catch(() => served.push([]));
    const right = JSON.stringify(served) === JSON.stringify([[{ low: 2, high: 2, tenant: 2 }]]);
    await traffic.close();
    return right && !(await notes(world)).includes('interrupted') ? 'nothing crossed' : succeeded;
  });

/** Has a statement run, which does not end by itself, and aborts the transaction then. */
async function whileItRuns(run: (text: string) => Promise<Rows>, { world, abort }: { world: World; abort: () => void }): Promise<void> {
  const held = await holdRows(world.root, 'select from "Blogs" where "TenantId" = 1 for update');
  try {
    const running = run('update "Blogs" set "Name" = "Name"');
    await Promise.race([running, eventually(async () => expect(await held.waiting()).toBe(1))]);
    abort();
    await running;
  } finally {
    await held.release();
  }
}

describeAttacks(
  'A transaction of one tenant that is interrupted, and the next tenant on its connection',
  {
    'an abort': interrupt({}, whileItRuns),
    // The limit is what interrupts; a transaction that is late to begin is interrupted as well.
    'a timeout': interrupt({ timeoutMs: 250 }, (run, { world }) => whileItRuns(run, { world, abort: () => undefined })),
    'an error': interrupt({}, () => Promise.reject(new Error('the caller’s own'))),
    'a statement that fails': interrupt({}, (run) => run('select 1 / 0')),
    'an ended server process': interrupt({}, async (run, { world }) => {
      const [session] = await run('select pg_backend_pid() as pid');
      await world.root.query('select pg_terminate_backend($1, 5000)', [session?.['pid']]);
      await run('select 1');
    }),
  },
  defences.interrupted,
);

/** Harm is done where a note of which its tenant was told that it is kept is not. */
const lose = (deed: (traffic: Traffic, note: (text: string) => string) => Promise<string>): Attack =>
  onOneConnection(async (traffic, world) => {
    const insert = (tenant: number, text: string): string => `insert into "Notes" values (${tenant}, ${freshNote()}, '${text}')`;
    const acknowledged = await deed(traffic, (text) => insert(1, text)).catch(() => undefined);
    const neighbours = `acknowledged ${freshNote()}`;
    await traffic.query(2, insert(2, neighbours));
    await traffic.close();
    const kept = await notes(world);
    return kept.includes(neighbours) && (acknowledged === undefined || kept.includes(acknowledged))
      ? 'kept what was acknowledged'
      : succeeded;
  });
const withinTransaction = (text: string): Attack =>
  lose(async (traffic, note) => {
    const own = `own ${freshNote()}`;
    await traffic.transaction(1, {}, async (run) => {
      await run(note(own));
      await run(text);
    });
    return own;
  });

describeAttacks(
  'Transaction control in a tenant’s statements',
  {
    'BEGIN as a statement': lose((traffic) => traffic.query(1, 'begin').then(() => 'nothing')),
    'START TRANSACTION as a statement': lose((traffic) => traffic.query(1, 'start transaction').then(() => 'nothing')),
    'ROLLBACK inside a transaction': withinTransaction('rollback'),
    'ROLLBACK AND CHAIN inside a transaction': withinTransaction('rollback and chain'),
    'ABORT inside a transaction': withinTransaction('abort'),
    'COMMIT inside a transaction': onOneConnection(async (traffic) => {
      let ran: unknown = 'nothing';
      await traffic
        .transaction(1, {}, async (run) => {
          await run('commit');
          await run('select 1');
          ran = succeeded; // outside the transaction that was entered, whose lock is gone
        })
        .catch(() => undefined);
      return ran;
    }),
  },
  defences['transaction control'],
);

let noteIds = 0;
/** A number that no note has yet. */
function freshNote(): number {
  noteIds += 1;
  return noteIds;
}
