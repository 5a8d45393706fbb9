import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeInt } from '../../../shardmap/key-encoding.ts';
import { fleetKeyFromBase64 } from '../../../shardmap/mapping-token.ts';
import { LatestStatements } from '../../../shardmap/latest-statements.ts';
import { createShardSigner, signerOfShard } from '../../../shardmap/shard-signer.ts';
import { proceduresSchema } from '../../../src/config/procedures-schema.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import type { SqlDatabase, SqlParameters } from '../../../src/core/session.ts';
import type { ShardSigner } from '../../../src/core/shard-signer.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import { EntryRefused } from '../../../src/engine/entry.ts';
import { clientConfig } from '../../../src/engine/postgres/client-config.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { signAgain } from '../../../src/policy/acceptance.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import { endOverride, findOverride, overrideGate } from '../../../src/policy/override.ts';
import { accepting, signerOfTests } from '../../support/accepting.ts';
import { doingAround } from '../../support/doing-around.ts';
import { compiled, entryOf, insert, read, write } from '../../support/app-shard.ts';
import { enterByHand, refusalOf, shownFor } from '../../support/enter-by-hand.ts';
import { blogs, postgresPolicies } from '../../support/policy-shard.ts';
import { eventually } from '../../support/eventually.ts';
import { createTestShard, shardLogins, type TestShard } from '../../support/postgres-shard.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';

const engine = createPostgresEngine();
const all = compiled(sql`select "TenantId" from "Blogs"`);

let server: PostgresServer;
let shard: TestShard;
let made = 0;
const open: EngineConnection[] = [];

beforeAll(async () => {
  server = await startPostgres({ fsync: false });
});
afterAll(() => server.stop());

/** A shard that is watched, with tenants 1 and 2, who have a row each. */
beforeEach(async () => {
  made += 1;
  shard = await createTestShard(server, `watched_${made}`, { watched: true });
  for (const tenant of [1, 2])
    await shard.admin.query(
      sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (${tenant}, 'point', ${encodeInt(tenant)}, 'ONLINE', 1, ${entryOf(tenant).token})`,
    );
  const app = await connect();
  for (const tenant of [1, 2]) await app.execute(entryOf(tenant), compiled(insert(tenant)), write);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await shard.close();
});

async function connect(signer: ShardSigner = signerOfTests(shard.shardId)): Promise<EngineConnection> {
  const { address, shardId, incarnation } = shard;
  const tables = [{ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }];
  const expected = { shardId, incarnation, tables, contextProtection: 'guarded', signer } as const;
  const connection = await engine.connect(address, shardLogins.app, expected);
  open.push(connection);
  return connection;
}

/**
 * Of the server's functions and operators that take arguments of any type, as its functions of the default schema would be called in their
 * place: each fails.
 */
const overloads = [
  ...[
    'concat_ws(text, text, text, text)',
    'concat_ws(text, text, jsonb)',
    'concat_ws(text, name, text, text)',
    'concat_ws(text, text, text, text, regproc)',
    'format(text, name)',
    'format(text, name, name)',
    'quote_ident(name)',
    'array_to_string(text[], text)',
    'jsonb_build_object(text, text, text, text, text, text)',
    'to_jsonb(name)',
    'unnest(oid[])',
    'lower(name)',
  ].map(
    (signature) =>
      `create function public.${signature} returns text language plpgsql as $$ begin raise 'an overload of ${signature} was called'; end $$`,
  ),
  ...['regclass', 'regtype', 'regrole', 'regnamespace'].map(
    (
      type,
    ) => `create function public.same_as(oid, ${type}) returns boolean language plpgsql as $$ begin raise 'an operator for ${type} was called'; end $$;
      create operator public.= (function = public.same_as, leftarg = oid, rightarg = ${type})`,
  ),
].join(';');

const change = (statement: string): Promise<unknown> => shard.root.query(sqlText(statement));
/** As `policy apply` does. */
function acceptWhatIsThere(): Promise<unknown> {
  const request = { tables: [blogs], procedures: [], keyType: 'int', dryRun: false } as const;
  return applyPolicies(shard.admin, postgresPolicies, { ...request, accepting: accepting(shard.shardId) });
}
const unverified = { refusal: { reason: 'UNVERIFIED' } };
const refusing = (why: string): object => ({ code: 'SHARD_UNVERIFIED', message: expect.stringContaining(why) as string });

describe('The gate of a shard', () => {
  it('closes with the change, to every form of entry, and opens again with its end; the log says what, who and when', async () => {
    const app = await connect();
    await change('alter table "Blogs" disable row level security');
    for (const options of [read, write, { ...read, contextValues: '{"a":"b"}' }, { ...write, contextValues: '{"a":"b"}' }])
      for (const isPoint of [true, false]) await expect(app.execute(entryOf(1, isPoint), all, options)).rejects.toMatchObject(unverified);
    await expect(app.begin(entryOf(1), { ...write, isolation: 'serializable' })).rejects.toMatchObject(unverified);
    await change('alter table "Blogs" enable row level security');
    expect((await app.execute(entryOf(1), all, read)).rows).toEqual([{ TenantId: 1 }]);
    const { rows } = await shard.admin.query(
      sqlText('select login, command, object, verdict from tenantry_watch.change_log order by change_id desc limit 2'),
    );
    expect(rows).toEqual(
      ['opened', 'closed'].map((verdict) =>
        expect.objectContaining({ login: server.user, command: 'ALTER TABLE', object: 'public."Blogs"', verdict }),
      ),
    );
  });

  it.each([
    ['repeatable read', write],
    ['repeatable read', read],
    ['serializable', read],
  ] as const)('lets no %s transaction in that came while it was being closed: %o', async (isolation, options) => {
    const app = await connect();
    let entering: Promise<unknown> = Promise.resolve();
    await shard.root.transaction(async (session) => {
      await session.query(sqlText('alter table "Blogs" disable row level security; set constraints all immediate'));
      entering = app.begin(entryOf(1), { ...options, isolation }).then(
        (transaction) => transaction.query(all),
        (error: unknown) => error,
      );
      const waiting = sqlText('select count(*)::integer as n from pg_locks where not granted');
      await expect.poll(async () => (await shard.admin.query<{ n: number }>(waiting)).rows[0]?.n).toBe(1);
    });
    expect(await entering).toMatchObject(unverified);
  });

  it('is closed by a transaction that began while it was closed, or refuses its change', async () => {
    const app = await connect();
    await change('alter table "Blogs" disable row level security');
    const changing = shard.root.transaction(async (session) => {
      await session.query(sqlText('set transaction isolation level repeatable read'));
      await session.query(sqlText('select open from tenantry_watch.gate'));
      await shard.admin.query(sqlText('alter table "Blogs" enable row level security'));
      await session.query(sqlText('alter policy tenantry_tenant on "Blogs" using (true)'));
    });
    await expect(changing).rejects.toMatchObject({ code: 'SERIALIZATION_FAILURE' });
    expect((await app.execute(entryOf(1), all, read)).rows).toEqual([{ TenantId: 1 }]);
  });

  it('ends with the time for which what protects the tenants was accepted, for connections that are open', async () => {
    const app = await connect();
    const until = (end: string): Promise<unknown> => change(`update tenantry_watch.accepted set valid_until = ${end}`);
    await until("now() + interval '1 day'");
    expect((await app.execute(entryOf(1), all, read)).rows).toEqual([{ TenantId: 1 }]);
    await change(
      'set session_replication_role = replica; update tenantry_watch.accepted set valid_until = now(); set session_replication_role = default',
    );
    for (const isPoint of [true, false]) await expect(app.execute(entryOf(1, isPoint), all, read)).rejects.toMatchObject(unverified);
    await expect(shard.admin.query(sqlText('update tenantry_watch.gate set accepted_until = null'))).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await until('null');
    expect((await app.execute(entryOf(1), all, read)).rows).toEqual([{ TenantId: 1 }]);
  });

  it('is opened by nobody’s hand over what was not accepted', async () => {
    const app = await connect();
    const leak = 'create view leak as select * from "Blogs"; grant select on leak to tenantry_app';
    const opening = 'update tenantry_watch.gate set open = true';
    for (const statements of [`${leak}; set constraints all immediate; ${opening}`, `set constraints all immediate; ${leak}; ${opening}`]) {
      await shard.admin.query(sqlText(`begin; ${statements}; commit`));
      await expect(app.execute(entryOf(1), all, read)).rejects.toMatchObject(unverified);
      await shard.admin.query(sqlText('drop view leak'));
    }
  });

  it('is opened by no transaction that cannot see what others have changed since it began', async () => {
    const app = await connect();
    await change('alter table "Blogs" disable row level security');
    await change('begin isolation level repeatable read; alter table "Blogs" enable row level security; commit');
    await expect(app.execute(entryOf(1), all, read)).rejects.toMatchObject(unverified);
    await change('create table "Looked" ()');
    expect((await app.execute(entryOf(1), all, read)).rows).toHaveLength(1);
  });

  it.each(['read committed', 'repeatable read', 'serializable'] as const)(
    'admits nobody under %s who was waiting for it while it was closed',
    async (isolation) => {
      const app = await connect();
      let entering: Promise<unknown> | undefined;
      await shard.root.transaction(async (session) => {
        await session.query(sqlText('alter table "Blogs" disable row level security; set constraints all immediate'));
        entering = (async () => {
          const transaction = await app.begin(entryOf(1), { ...read, isolation });
          try {
            return (await transaction.query(all)).rows;
          } finally {
            await transaction.rollback();
          }
        })();
        entering.catch(() => undefined);
        await eventually(async () => {
          const { rows } = await shard.admin.query(
            sqlText(`select 1 from pg_locks where not granted and relation = 'tenantry_watch.gate'::regclass`),
          );
          expect(rows.length).toBeGreaterThan(0);
        });
      });
      await expect(entering).rejects.toMatchObject(unverified);
    },
  );

  it('has a change wait for whoever of admin locks its row, for as long as admin waits for others, and then it is refused', async () => {
    const app = await connect();
    const held = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const holding = shard.admin.transaction(async (session) => {
      await session.query(sqlText('select from tenantry_watch.gate for share'));
      held.resolve();
      await done.promise;
    });
    await held.promise;
    try {
      const changing = change(`set lock_timeout = '200ms'; alter table "Blogs" disable row level security`);
      await expect(changing).rejects.toMatchObject({ code: 'TIMEOUT' });
      expect((await app.execute(entryOf(1), all, read)).rows).toEqual([{ TenantId: 1 }]);
    } finally {
      done.resolve();
      await holding;
      await change('reset lock_timeout');
    }
  });

  it('is closed by no login of tenants', async () => {
    const app = await connect();
    const direct = engine.open(shard.address, shardLogins.app);
    const defining = direct.query(sqlText('alter default privileges grant select on tables to public'));
    await expect(defining).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await direct.close();
    expect((await app.execute(entryOf(1), all, read)).rows).toHaveLength(1);
  });

  it('stays open for what is put back in the transaction that took it away, and for an ordinary migration', async () => {
    const app = await connect();
    await change(`begin; drop policy tenantry_tenant on "Blogs"; create policy tenantry_tenant on "Blogs" as restrictive to tenantry_app
      using ("TenantId" = (select tenantry.current_tenant())) with check ("TenantId" = (select tenantry.current_tenant())); commit`);
    await change('alter table "Blogs" add column "Note" text; create index on "Blogs" ("Note")');
    expect((await app.execute(entryOf(1), all, read)).rows).toHaveLength(1);
    await expect(connect()).resolves.toBeDefined();
  });

  it('closes where constraints are checked at once, and where a session applies what another server has decided', async () => {
    const app = await connect();
    await change('begin; create table "Other" (); set constraints all immediate; alter table "Blogs" disable row level security; commit');
    await expect(app.execute(entryOf(1), all, read)).rejects.toMatchObject(unverified);
    await change('alter table "Blogs" enable row level security');
    await change(
      'set session_replication_role = replica; alter policy tenantry_tenant on "Blogs" using (true); reset session_replication_role',
    );
    await expect(app.execute(entryOf(1), all, read)).rejects.toMatchObject(unverified);
  });

  it('shows nobody a foreign row while row-level security goes: whoever begins after it is refused', async () => {
    const connections = await Promise.all([connect(), connect(), connect(), connect()]);
    const seen: { tenants: unknown[]; after: boolean }[] = [];
    const refusals: unknown[] = [];
    let isOver = false;
    let ends = 0;
    const loops = connections.map(async (connection, index) => {
      while (ends < 200) {
        const after = isOver;
        try {
          const { rows } = await connection.execute<{ TenantId: number }>(entryOf(1, index % 2 === 0), all, index < 2 ? read : write);
          seen.push({ tenants: rows.map(({ TenantId }) => TenantId), after });
        } catch (error) {
          refusals.push(error);
        }
        if (after) ends += 1;
      }
    });
    await change('alter table "Blogs" disable row level security');
    isOver = true;
    await Promise.all(loops);
    expect(seen.filter(({ tenants, after }) => after || tenants.some((tenant) => tenant !== 1))).toEqual([]);
    expect(refusals.length).toBeGreaterThanOrEqual(200);
    // Who waited for the table is a deadlock's victim.
    const others = refusals.filter((error) => !(error instanceof EntryRefused && error.refusal.reason === 'UNVERIFIED'));
    for (const error of others) expect(error).toMatchObject({ code: 'SERIALIZATION_FAILURE' });
  });

  it('ends who has entered and stays, before the change can be seen', async () => {
    const app = await connect();
    const transaction = await app.begin(entryOf(1), { ...write, isolation: 'read committed' });
    expect((await transaction.query(all)).rows).toEqual([{ TenantId: 1 }]);
    await transaction.commit();
    const staying = await app.begin(entryOf(1), { ...write, isolation: 'read committed' });
    await change('alter policy tenantry_tenant on "Blogs" using (true)').catch((error: unknown) => error);
    await expect(staying.query(all)).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
  });

  it('is not closed while somebody else holds it, such as a dump: the change is refused, and nobody is sent away for that', async () => {
    const app = await connect();
    await shard.admin.transaction(async (dump) => {
      await dump.query(sqlText('lock table tenantry_watch.gate in access share mode'));
      await expect(change('alter table "Blogs" disable row level security')).rejects.toMatchObject({ code: 'TIMEOUT' });
      await dump.query(sqlText('select 1'));
    });
    expect((await app.execute(entryOf(1), all, read)).rows).toEqual([{ TenantId: 1 }]);
    await change('alter table "Blogs" disable row level security');
    await expect(app.execute(entryOf(1), all, read)).rejects.toMatchObject(unverified);
  });

  it.each([
    ['is gone', 'drop trigger judged on tenantry_watch.change_log'],
    ['is off', 'alter table tenantry_watch.change_log disable trigger judged'],
  ])('closes where the trigger that would judge later %s', async (_, statement) => {
    const app = await connect();
    await change(statement);
    await expect(app.execute(entryOf(1), all, read)).rejects.toMatchObject(unverified);
  });

  it('closes where a user mapping makes somebody else of who reads a foreign table, until it does so no more', async () => {
    const { host, port, database } = shard.address;
    const { user, password } = shardLogins.app;
    const mapped = (action: string, who: typeof shardLogins.app): string =>
      `user mapping for ${user} server self options (${action}user '${who.user}', ${action}password '${who.password}')`;
    await change(`create extension postgres_fdw; create server self foreign data wrapper postgres_fdw options (host '${host}', port '${port}', dbname '${database}');
      create ${mapped('', { user, password })}; grant usage on foreign server self to tenantry_app;
      create foreign table public."Far" ("TenantId" integer) server self options (table_name 'Blogs'); grant select on "Far" to tenantry_app`);
    await acceptWhatIsThere();
    const app = await connect();
    const far = compiled(sql`select "TenantId" from "Far" order by 1`);
    expect((await app.execute(entryOf(1), far, read)).rows).toEqual([]);
    await change(`alter ${mapped('set ', shardLogins.superuser)}`);
    await expect(app.execute(entryOf(1), far, read)).rejects.toMatchObject(unverified);
    await expect(connect()).rejects.toMatchObject(refusing('foreign server self (changed)'));
    await acceptWhatIsThere();
    expect((await app.execute(entryOf(1), far, read)).rows).toEqual([{ TenantId: 1 }, { TenantId: 2 }]);
    // As where the server's administrator may not give this right.
    await change('revoke select (xmin) on pg_catalog.pg_user_mapping from tenantry_watcher');
    await acceptWhatIsThere();
    // Whoever reads it: a view, or a function, may do so for app.
    await change('revoke select on "Far" from tenantry_app');
    await acceptWhatIsThere();
    const unseen = 'public."Far" is a foreign table, and nobody may see whether a user mapping makes somebody else of who reads it';
    await expect(connect()).rejects.toMatchObject(refusing(unseen));
    await change('drop foreign table "Far"');
    await acceptWhatIsThere();
    await connect();
  });

  it('lets nobody connect while there is a change that nobody judged, until what is there is accepted', async () => {
    const eye = engine.open(shard.address, shardLogins.app, { connections: 1, serverNamesOnly: true });
    const look = async (): Promise<unknown> => (await eye.run('policy/watch')).rows[0]?.['state'];
    try {
      // Those of the transaction that asks are judged when it ends.
      await shard.admin.transaction(async (session) => {
        await session.query(sqlText('alter table "Blogs" add column note text'));
        expect((await session.run('policy/verification')).rows).toMatchObject([{ unjudged: 0 }]);
      });
      const before = await look();
      await change(
        'update tenantry_watch.change_log set verdict = null where change_id = (select max(change_id) from tenantry_watch.change_log)',
      );
      expect(await look()).not.toBe(before);
      await expect(connect()).rejects.toMatchObject(refusing('definitions were changed past what judges each change'));
      expect((await shard.admin.run('policy/closing-changes', { limit: 9 })).rows).toMatchObject([
        { command: 'ALTER TABLE', object: 'public."Blogs"' },
      ]);
      // One that is judged itself says nothing of those before it.
      await change('alter table "Blogs" drop column note');
      await expect(connect()).rejects.toMatchObject(refusing('past what judges'));
      // To sign again is to look at nothing.
      expect(await signAgain(shard.admin, signerOfTests(shard.shardId))).toBe(true);
      await expect(connect()).rejects.toMatchObject(refusing('past what judges'));
      await acceptWhatIsThere();
      await connect();
      const { rows } = await shard.root.query(
        sqlText(
          "select command, verdict from tenantry_watch.change_log where verdict is distinct from 'same' order by change_id desc limit 1",
        ),
      );
      expect(rows).toEqual([{ command: 'ALTER TABLE', verdict: 'accepted' }]);
      expect((await shard.admin.run('policy/closing-changes', { limit: 9 })).rows).toEqual([]);
    } finally {
      await eye.close();
    }
  });

  it('is watched by nothing of admin’s, which would run for whoever changes something', async () => {
    const app = await connect();
    for (const statement of [
      'create or replace function tenantry_watch.changed() returns event_trigger language plpgsql as $$ begin end $$',
      'alter function tenantry_watch.judge() security invoker',
      'create function tenantry_watch.mine() returns integer language sql return 1',
      'create trigger mine before insert on tenantry_watch.change_log for each row execute function suppress_redundant_updates_trigger()',
      'create trigger mine before update on tenantry_watch.gate for each row execute function suppress_redundant_updates_trigger()',
      'create rule mine as on insert to tenantry_watch.change_log do also select 1',
      'alter table tenantry_watch.tenant_column enable row level security',
      'create policy mine on tenantry_watch.accepted using (true)',
      'drop table tenantry_watch.change_log',
      'drop schema tenantry_watch cascade',
      'delete from tenantry_watch.change_log',
      'set role tenantry_watcher',
    ])
      await expect(shard.admin.query(sqlText(statement)), statement).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await app.execute(entryOf(1), all, read)).rows).toHaveLength(1);
  });

  it('is watched by functions that name nothing of another role’s', async () => {
    const { rows } = await shard.root.query(
      sqlText(`select p.proname as name, p.proowner::regrole::text as owner, p.prosrc ~ '\\mtenantry\\.' as others
        from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid where p.prosecdef
        union select p.proname, p.proowner::regrole::text, p.prosrc ~ '\\mtenantry\\.'
        from pg_proc p where p.prosecdef and p.proowner = 'tenantry_watcher'::regrole order by 1`),
    );
    const names = [
      'changed',
      'clear_gate',
      'dropped',
      'end_with_acceptance',
      'judge',
      'judge_change',
      'judge_opening',
      'refuse_tenants',
      'unjudged',
      'user_mapping_versions',
    ];
    expect(rows).toEqual(names.map((name) => ({ name, owner: 'tenantry_watcher', others: false })));
  });

  it('covers a new table with a tenant column when it is made, by whoever makes it', async () => {
    const app = await connect();
    await change('create table "Drafts" ("TenantId" integer not null, "Id" integer not null); insert into "Drafts" values (1, 1), (2, 1)');
    await shard.admin.query(sqlText('create table "Later" as select 2 as "TenantId", 1 as "Id"'));
    const { rows } = await shard.root.query(
      sqlText(
        `select relname, relrowsecurity and relforcerowsecurity as forced, (select count(*)::int from pg_policy where polrelid = c.oid) as policies,
           exists (select from pg_attrdef where adrelid = c.oid) as filled from pg_class c where relname in ('Drafts', 'Later') order by 1`,
      ),
    );
    // A default of admin's would run as the superuser whenever he inserts into his own table.
    expect(rows).toEqual([
      { relname: 'Drafts', forced: true, policies: 5, filled: false },
      { relname: 'Later', forced: true, policies: 5, filled: true },
    ]);
    await expect(app.execute(entryOf(1), compiled(sql`select * from "Drafts"`), read)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('A connection for tenants', () => {
  it('is refused where what no trigger sees was changed, by the name of the object, until it is put back', async () => {
    await change('alter role tenantry_app createdb');
    await expect(connect()).rejects.toMatchObject(refusing('role tenantry_app (changed)'));
    await change('alter role tenantry_app nocreatedb');
    await expect(connect()).resolves.toBeDefined();
  });

  it.each([
    ['nothing was accepted', 'delete from tenantry_watch.accepted', 'was not accepted yet'],
    [
      'it was accepted in another form',
      'update tenantry_watch.accepted set format = 1',
      'by another program, for another shard or by another fleet key',
    ],
    [
      'the signature is of another time',
      "update tenantry_watch.accepted set valid_until = now() + interval '1 day'",
      'by another fleet key',
    ],
    [
      'its gate ends later than what was accepted',
      "update tenantry_watch.gate set accepted_until = now() + interval '1 day'",
      'its gate ends at another time than what was accepted',
    ],
    ['the fingerprint is another one', "update tenantry_watch.accepted set fingerprint = repeat('0', 64)", 'by another fleet key'],
    [
      'the function that tells it was replaced',
      'create or replace function tenantry_watch.fingerprint_items() returns table (kind text, object text, digest text) language sql stable as $$ select kind, object, digest from tenantry_watch.accepted_item $$',
      "is not this program's",
    ],
    [
      'the function that tells it is gone',
      'alter event trigger tenantry_changed disable; alter event trigger tenantry_dropped disable; drop function tenantry_watch.fingerprint_items() cascade',
      'does not tell',
    ],
  ])('is refused where %s', async (_, statement, why) => {
    await change(statement);
    await expect(connect()).rejects.toMatchObject(refusing(why));
  });

  it('is refused what was accepted for another shard, or by another fleet key, until that one is known', async () => {
    const other = fleetKeyFromBase64(Buffer.alloc(32, 8).toString('base64'), 'it');
    const tests = fleetKeyFromBase64(Buffer.alloc(32, 7).toString('base64'), 'it');
    await expect(connect(signerOfTests('00000000-0000-4000-8000-000000000001'))).rejects.toMatchObject(refusing('for another shard'));
    await expect(connect(createShardSigner({ current: other }, shard.shardId))).rejects.toMatchObject(refusing('by another fleet key'));
    await expect(connect(createShardSigner({ current: other, previous: tests }, shard.shardId))).resolves.toBeDefined();
    expect(await signAgain(shard.admin, createShardSigner({ current: other }, shard.shardId))).toBe(false);
    expect(await signAgain(shard.admin, createShardSigner({ current: other, previous: tests }, shard.shardId))).toBe(true);
    await expect(connect(createShardSigner({ current: other }, shard.shardId))).resolves.toBeDefined();
    await expect(connect()).rejects.toMatchObject(refusing('by another fleet key'));
  });

  it('is opened again once what was changed is accepted, which is shown before', async () => {
    await change(
      'alter table "Blogs" no force row level security; alter table "Blogs" force row level security; grant references on "Blogs" to public',
    );
    await change('create policy more on "Blogs" as restrictive for delete using (false)');
    const request = { tables: [blogs], procedures: [], keyType: 'int', accepting: accepting(shard.shardId) } as const;
    const { changes } = await applyPolicies(shard.admin, postgresPolicies, { ...request, dryRun: true });
    expect(changes.map(({ of, item, before, after }) => [of, item, before, after])).toContainEqual([
      'shard',
      'policy public."Blogs" more',
      'added since it was accepted',
      'accepted',
    ]);
    await expect(connect()).rejects.toMatchObject(refusing('policy public."Blogs" more (added)'));
    await applyPolicies(shard.admin, postgresPolicies, { ...request, dryRun: false });
    const app = await connect();
    expect((await app.execute(entryOf(1), all, read)).rows).toHaveLength(1);
  });
});

describe('What others commit while policy apply gives a procedure to app', () => {
  const procedures = proceduresSchema.parse({ Close: { returns: 'nothing' } });
  const request = () => ({ tables: [blogs], procedures, keyType: 'int', accepting: accepting(shard.shardId) }) as const;
  /** Does it once, behind the look at what is there before anything is set. */
  const meanwhile = (others: () => Promise<unknown>): SqlDatabase => {
    let isDone = false;
    const behind = async (file: string): Promise<void> => {
      if (file !== 'policy/fingerprint' || isDone) return;
      isDone = true;
      await others();
    };
    return doingAround(shard.admin, () => ({ behind }));
  };

  it('is looked at like all that was there: a procedure that would end its caller’s transaction is given to nobody', async () => {
    await change(`create procedure "Close"() language plpgsql as $$ begin null; end $$; alter procedure "Close" owner to tenantry_admin;
      revoke execute on procedure "Close" from public`);
    const commits = 'create or replace procedure "Close"() language plpgsql as $$ begin commit; end $$';
    const applied = applyPolicies(
      meanwhile(() => change(commits)),
      postgresPolicies,
      { ...request(), dryRun: false },
    );
    await expect(applied).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringContaining('ends or changes the transaction') as string,
    });
    const { rows } = await shard.root.query(sqlText(`select has_function_privilege('tenantry_app', '"Close"()', 'execute') as given`));
    expect(rows).toEqual([{ given: false }]);
  });
});

describe('What was accepted or overridden before', () => {
  const kept = (table: string, columns: string): string =>
    `create table if not exists kept (of text, row jsonb); insert into kept select '${table}', to_jsonb(t) from (select ${columns} from tenantry_watch.${table}) t`;
  const putBack = (table: string, columns: string): string =>
    `update tenantry_watch.${table} set (${columns}) = (select ${columns} from jsonb_populate_record(null::tenantry_watch.${table}, (select row from kept where of = '${table}')))`;
  const ofAcceptance = 'format, number, fingerprint, valid_until, signature';
  const ofOverride = 'override_until, override_number, override_reason, override_by, override_signature';
  const tests = fleetKeyFromBase64(Buffer.alloc(32, 7).toString('base64'), 'it');

  it('is not accepted any more once something else was, for whoever has seen that or was told by the catalog', async () => {
    const latest = new LatestStatements();
    const seeing = createShardSigner({ current: tests }, shard.shardId, latest);
    const request = { tables: [blogs], procedures: [], keyType: 'int', dryRun: false } as const;
    await change(kept('accepted', ofAcceptance));
    await change('create view totals as select 1 as one; grant select on totals to tenantry_app');
    await applyPolicies(shard.admin, postgresPolicies, { ...request, accepting: accepting(shard.shardId) });
    await expect(connect(seeing)).resolves.toBeDefined();
    await change(
      `drop view totals; set constraints all immediate; ${putBack('accepted', ofAcceptance)}; update tenantry_watch.gate set open = true`,
    );
    const older = refusing('an older acceptance was put back in place of the last one');
    await expect(connect(seeing)).rejects.toMatchObject(older);
    const acceptedNumber = latest.of(shard.shardId).accepted;
    const told = signerOfShard({ current: tests }, { shardId: shard.shardId, acceptedNumber });
    await expect(connect(told)).rejects.toMatchObject(older);
    // Nobody knows of the later one.
    await expect(connect()).resolves.toBeDefined();
    const { changes } = await applyPolicies(shard.admin, postgresPolicies, {
      ...request,
      accepting: { ...accepting(shard.shardId), signer: told },
    });
    expect(changes.map(({ item }) => item)).toEqual([expect.stringMatching(/an older acceptance was put back in place of the last one$/)]);
    await expect(connect(seeing)).resolves.toBeDefined();
    expect(latest.of(shard.shardId).accepted).toBeGreaterThan(acceptedNumber);
  });

  it('overrides nothing any more once something else did', async () => {
    const latest = new LatestStatements();
    const seeing = createShardSigner({ current: tests }, shard.shardId, latest);
    const override = { forMs: 60_000, reason: 'a test', decidedBy: 'tests' };
    await overrideGate(shard.admin, seeing, override);
    await change(kept('gate', ofOverride));
    await overrideGate(shard.admin, seeing, { ...override, forMs: 30_000 });
    await change('create policy more on "Blogs" as restrictive for delete using (false)');
    await expect(connect(seeing)).resolves.toBeDefined();
    await change(putBack('gate', ofOverride));
    await expect(connect(seeing)).rejects.toMatchObject(refusing('policy public."Blogs" more (added)'));
    expect(await findOverride(shard.admin, seeing)).toMatchObject({ reason: 'a test', isSigned: false });
    const told = signerOfShard({ current: tests }, { shardId: shard.shardId, overrideNumber: latest.of(shard.shardId).overridden });
    await expect(connect(told)).rejects.toMatchObject(refusing('policy public."Blogs" more (added)'));
  });

  it('keeps its number when another key signs it', async () => {
    const other = fleetKeyFromBase64(Buffer.alloc(32, 8).toString('base64'), 'it');
    const latest = new LatestStatements();
    await expect(connect(createShardSigner({ current: tests }, shard.shardId, latest))).resolves.toBeDefined();
    const { accepted } = latest.of(shard.shardId);
    expect(accepted).toBeGreaterThan(0);
    const rotating = createShardSigner({ current: other, previous: tests }, shard.shardId, latest);
    expect(await signAgain(shard.admin, rotating)).toBe(true);
    await expect(connect(rotating)).resolves.toBeDefined();
    expect(latest.of(shard.shardId).accepted).toBe(accepted);
  });
});

describe('Functions and operators of the default schema that fit exactly', () => {
  const tables = JSON.stringify([{ name: 'Blogs', schema: 'public', table: 'Blogs', tenantColumn: 'TenantId', policies: [] }]);
  const procedures = JSON.stringify([{ schema: 'public', routine: 'format' }]);
  const questions: readonly (readonly [string, SqlParameters?])[] = [
    ['policy/verification'],
    ['policy/fingerprint'],
    ['policy/signatures'],
    ['policy/get-override'],
    ['policy/shard-schema'],
    ['policy/session-code'],
    ['policy/inspect'],
    ['policy/models'],
    ['policy/closing-changes', { limit: 9 }],
    ['policy/tables', { tables }],
    ['policy/extra-tables', { tables }],
    ['policy/live-items', { tables }],
    ['policy/warnings', { tables }],
    ['policy/problems', { tables, keyType: 'int' }],
    ['policy/procedures', { procedures }],
    ['policy/live-procedures', { procedures }],
    ['engine/inspect'],
    ['engine/incarnation'],
    ['engine/server'],
  ];

  it('are called by no question that decides whether a shard is believed: not of a connection, a look, policy apply', async () => {
    await change(overloads);
    await expect(shard.admin.query(sql`select concat_ws(' '::text, 'a'::text, 'b'::text, 'c'::text)`)).rejects.toMatchObject({
      code: 'STATEMENT_FAILED',
    });
    const eye = engine.open(shard.address, shardLogins.app, { connections: 1 });
    try {
      for (const [file, parameters] of questions) await expect(shard.admin.run(file, parameters), file).resolves.toBeDefined();
      await shard.admin.transaction(async (session) => {
        for (const [file, parameters] of questions) await session.run(file, parameters);
      });
      expect((await eye.run('policy/watch')).rows).toHaveLength(1);
      expect((await eye.run('policy/gate', { tables })).rows).toEqual([]);
    } finally {
      await eye.close();
    }
    await acceptWhatIsThere();
    await expect(connect()).resolves.toBeDefined();
  });

  it('hide no view of all tenants from whoever opens a connection, where no event trigger tells', async () => {
    await change(
      'alter event trigger tenantry_changed disable; alter event trigger tenantry_dropped disable; alter event trigger tenantry_made disable',
    );
    await acceptWhatIsThere();
    await change(
      'create table public.known as select kind, object, digest from tenantry_watch.fingerprint_items(); grant select on public.known to tenantry_app',
    );
    await change(`create function public.concat_ws(text, text, text, text) returns text language sql stable
      return (select pg_catalog.concat_ws($1, $2, $3, k.digest) from public.known k where k.kind = $2 and k.object = $3)`);
    await change('create view public.leak as select * from public."Blogs"; grant select on public.leak to tenantry_app');
    await expect(connect()).rejects.toMatchObject(refusing('leak (added)'));
  });

  it('are what a statement of somebody else means, before a question and behind it', async () => {
    await change("create function public.concat_ws(text, text) returns text language sql return 'ours'");
    const meant = sql`select concat_ws(' '::text, 'a'::text) as word`;
    const ours = [{ word: 'ours' }];
    await shard.admin.transaction(async (session) => {
      expect((await session.query(meant)).rows).toEqual(ours);
      await session.run('policy/signatures');
      expect((await session.query(meant)).rows).toEqual(ours);
      await session.query(sql`savepoint before`);
      await expect(session.run('policy/tables', { tables: 'none' })).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
      await session.query(sql`rollback to savepoint before`);
      expect((await session.query(meant)).rows).toEqual(ours);
    });
    await acceptWhatIsThere();
    const app = await connect();
    expect((await app.execute(entryOf(1), compiled(meant), read)).rows).toEqual(ours);
  });
});

describe('An override', () => {
  it('lets tenants in for a while, and no longer than it is signed for, or until it ends', async () => {
    const signer = signerOfTests(shard.shardId);
    const app = await connect();
    await change('create policy more on "Blogs" as restrictive for delete using (false)');
    const until = await overrideGate(shard.admin, signer, { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
    expect(until).toBeGreaterThan(Date.now());
    expect((await app.execute(entryOf(1), all, read)).rows).toHaveLength(1);
    await expect(connect()).resolves.toBeDefined();
    await change("update tenantry_watch.gate set override_until = override_until + interval '1 day'");
    await expect(connect()).rejects.toMatchObject(refusing('policy public."Blogs" more (added)'));
    await endOverride(shard.admin, signer, async () => undefined);
    await expect(app.execute(entryOf(1), all, read)).rejects.toMatchObject(unverified);
    await overrideGate(shard.admin, signer, { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
    await change("update tenantry_watch.gate set override_until = now() - interval '1 second'");
    await expect(app.execute(entryOf(1), all, read)).rejects.toMatchObject(unverified);
  });

  it.each([
    ['to read', true, read],
    ['to write', true, write],
    ['to read, by a key of a range', false, read],
    ['to write, by a key of a range', false, write],
  ] as const)('lets nobody in after its end who began his transaction before: %s', async (_title, isPoint, options) => {
    await change('create policy more on "Blogs" as restrictive for delete using (false)');
    await overrideGate(shard.admin, signerOfTests(shard.shardId), { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
    const client = new pg.Client(clientConfig(shard.address, shardLogins.app));
    await client.connect();
    try {
      await client.query('begin');
      await change('update tenantry_watch.gate set override_until = clock_timestamp()');
      const entry = entryOf(1, isPoint);
      expect(await refusalOf(enterByHand(client, { isPoint }, entry.mappingId, shownFor(entry), options))).toBe('TN012');
    } finally {
      await client.end();
    }
  });

  it('lets no connection be opened that no key has signed, also where the gate is open, until it is over or taken away', async () => {
    const signer = signerOfTests(shard.shardId);
    await overrideGate(shard.admin, signer, { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
    await expect(connect()).resolves.toBeDefined();
    const unsigned = "override_number = 1, override_signature = decode(repeat('00', 32), 'hex')";
    await change(`update tenantry_watch.gate set override_until = now() + interval '1 day', ${unsigned}`);
    await expect(connect()).rejects.toMatchObject(refusing('overridden by nobody who has a key of the fleet'));
    await change("update tenantry_watch.gate set override_until = now() - interval '1 second'");
    await expect(connect()).resolves.toBeDefined();
    await change("update tenantry_watch.gate set override_until = now() + interval '1 day'");
    await endOverride(shard.admin, signer, () => Promise.resolve());
    await expect(connect()).resolves.toBeDefined();
  });

  it.each(['update tenantry_watch.gate set override_until', 'update tenantry_watch.accepted set valid_until'])(
    'ends at a time that can be told, as an acceptance does: %s',
    async (set) => {
      await overrideGate(shard.admin, signerOfTests(shard.shardId), { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
      for (const end of ['infinity', '-infinity', '290000-01-01'])
        await expect(shard.admin.query(sqlText(`${set} = '${end}'`))).rejects.toMatchObject({ cause: { sqlState: '23514' } });
    },
  );

  it.each(['update tenantry_watch.gate set override_number', 'update tenantry_watch.accepted set number'])(
    'has a number that a program can read, as an acceptance has: %s',
    async (set) => {
      await overrideGate(shard.admin, signerOfTests(shard.shardId), { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
      for (const number of ['9007199254740992', '-1'])
        await expect(shard.admin.query(sqlText(`${set} = ${number}`))).rejects.toMatchObject({ cause: { sqlState: '23514' } });
    },
  );

  it('has nobody stay inside when it ends before a change is committed that began while it was in force', async () => {
    const app = await connect();
    await overrideGate(shard.admin, signerOfTests(shard.shardId), { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
    const staying = await shard.root.transaction(async (session) => {
      await session.query(sqlText('select'));
      await shard.admin.query(sqlText('update tenantry_watch.gate set override_until = clock_timestamp()'));
      const entered = await app.begin(entryOf(1), { ...write, isolation: 'read committed' });
      await session.query(sqlText('alter table "Blogs" disable row level security'));
      return entered;
    });
    await expect(staying.query(all)).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
  }, 30_000);

  it('is of a day at most', async () => {
    const override = { forMs: 86_400_001, reason: 'a test', decidedBy: 'tests' };
    await expect(overrideGate(shard.admin, signerOfTests(shard.shardId), override)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
