import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { otherVersion, schemaVersions } from '../../src/core/schema-version.ts';
import { sql, sqlText } from '../../src/core/sql.ts';
import type { Login, PrincipalName } from '../../src/core/principal.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { createPostgresProvisioner } from '../../src/engine/postgres/provisioner.ts';
import { postgresPolicyRenderer } from '../../src/engine/postgres/policy-renderer.ts';
import { proceduresSchema } from '../../src/config/procedures-schema.ts';
import { installShard } from '../../src/policy/install.ts';
import { provision } from '../../src/policy/provision.ts';
import type { SqlDatabase, SqlSession } from '../../src/core/session.ts';
import { LocalMap } from '../../shardmap/local-map.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';
import { accepting } from '../support/accepting.ts';
import { emptyDatabase } from '../support/empty-database.ts';

const engine = createPostgresEngine();
const provisioner = createPostgresProvisioner();
const policies = { ...engine, renderer: postgresPolicyRenderer };

let server: PostgresServer;
let databases = 0;
const opened: SqlDatabase[] = [];

beforeAll(async () => {
  server = await startPostgres({ settings: { log_statement: 'all' } });
});
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await server.stop();
});

function loginsOf(prefix: string): Record<PrincipalName, Login> {
  const login = (name: string): Login => ({ user: `${prefix}_${name}`, password: `pä$$ "${prefix}" '${name}'` });
  return { app: login('app'), superuser: login('reports'), mover: login('mover'), admin: login('admin') };
}

function open(database: string, login: Login): SqlDatabase {
  const connected = engine.open({ engine: 'postgres', host: server.host, port: server.port, database, tls: 'disable' }, login);
  opened.push(connected);
  return connected;
}

async function createDatabase(): Promise<string> {
  databases += 1;
  await server.createDatabase(`provisioned_${databases}`);
  return `provisioned_${databases}`;
}

const whoAmI = sql`select current_user::text as "current", session_user::text as "session"`;

describe('provisioning', () => {
  it('makes logins that can connect with their passwords, admin acting as its group', async () => {
    const database = await createDatabase();
    const logins = loginsOf('first');
    await provision(open(database, server), provisioner, { ...emptyDatabase, logins });

    expect((await open(database, logins.app).query(whoAmI)).rows).toEqual([{ current: 'first_app', session: 'first_app' }]);
    expect((await open(database, logins.mover).query(whoAmI)).rows).toEqual([{ current: 'first_mover', session: 'first_mover' }]);
    expect((await open(database, logins.admin).query(whoAmI)).rows).toEqual([{ current: 'tenantry_admin', session: 'first_admin' }]);
    const readOnly = await open(database, logins.superuser).query(sql`show transaction_read_only`);
    expect(readOnly.rows).toEqual([{ transaction_read_only: 'on' }]);
  });

  it('makes logins that can connect where PUBLIC may not', async () => {
    const database = await createDatabase();
    const [logins, administrator] = [loginsOf('closed'), open(database, server)];
    await administrator.query(sqlText(`revoke connect on database "${database}" from public`));
    await provision(administrator, provisioner, { ...emptyDatabase, logins });
    for (const login of Object.values(logins))
      expect((await open(database, login).query(whoAmI)).rows).toMatchObject([{ session: login.user }]);
  });

  it('never puts a password into the log of a server that logs every statement', async () => {
    const database = await createDatabase();
    await provision(open(database, server), provisioner, { ...emptyDatabase, logins: loginsOf('logged') });
    expect(server.log()).toContain('alter role "logged_app"');
    expect(server.log()).not.toContain('pä$$');
  });

  it('may run again, and for a second database of the same server', async () => {
    const logins = loginsOf('twice');
    for (const database of [await createDatabase(), await createDatabase()]) {
      const administrator = open(database, server);
      await provision(administrator, provisioner, { ...emptyDatabase, logins });
      await provision(administrator, provisioner, { ...emptyDatabase, logins });
      const installed = await installShard(open(database, logins.admin), policies, {
        ...emptyDatabase,
        keyType: 'int',
        accepting: accepting(),
      });
      expect(installed.applied).toBe(true);
    }
  });

  it('needs no superuser where the contexts have codes, from PostgreSQL 16 on, and may run again', async () => {
    await using fresh = await startPostgres();
    const connect = { engine: 'postgres', host: fresh.host, port: fresh.port, tls: 'disable' } as const;
    const root = engine.open({ ...connect, database: 'postgres' }, fresh);
    const manager = { user: 'manager', password: 'x' };
    for (const statement of [
      `create role manager login password 'x' createrole createdb replication`,
      `do $$ begin
         if current_setting('server_version_num')::integer >= 160000 then alter role manager set createrole_self_grant = 'set, inherit'; end if;
       end $$`,
      'grant pg_signal_backend, pg_monitor to manager with admin option',
      'create database managed owner manager',
    ])
      await root.query(sqlText(statement));
    const managed = engine.open({ ...connect, database: 'managed' }, manager);
    const request = { ...emptyDatabase, logins: loginsOf('managed'), contextProtection: 'mac' } as const;
    const { rows } = await root.query<{ version: number }>(sql`select current_setting('server_version_num')::integer as version`);
    if (rows[0]!.version < 160_000) {
      // Who makes a role there is none of its members, and may not make one its object's owner.
      await expect(provision(managed, provisioner, request)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await Promise.all([root.close(), managed.close()]);
      return;
    }
    await provision(managed, provisioner, request);
    await provision(managed, provisioner, request);
    const admin = engine.open({ ...connect, database: 'managed' }, request.logins.admin);
    expect((await admin.query(whoAmI)).rows).toEqual([{ current: 'tenantry_admin', session: 'managed_admin' }]);
    // What only a superuser may take from everybody is told, and keeps no shard from being made.
    const { warnings } = await installShard(admin, policies, { ...request, accepting: accepting(), keyType: 'int' });
    expect(warnings.filter(({ severity }) => severity === 'leak')).toEqual([]);
    expect(warnings.find(({ code }) => code === 'untaken-rights')).toMatchObject({
      object: 'pg_catalog',
      text: expect.stringMatching(
        /^has functions that are everybody's.*: currval\(regclass\), lastval\(\), .*setseed\(double precision\)$/,
      ) as string,
    });
    await Promise.all([root.close(), managed.close(), admin.close()]);
  });

  it('keeps an older login of a kind valid while one is replaced', async () => {
    const database = await createDatabase();
    const administrator = open(database, server);
    const [old, next] = [loginsOf('old'), loginsOf('next')];
    await provision(administrator, provisioner, { ...emptyDatabase, logins: old });
    await provision(administrator, provisioner, { ...emptyDatabase, logins: { ...old, admin: next.admin } });
    await open(database, old.admin).query(sql`create table made_by_the_old (x integer)`);
    await open(database, next.admin).query(sql`drop table made_by_the_old`);
  });

  it('prints a script without passwords that an administrator can complete and run', async () => {
    const database = await createDatabase();
    const logins = loginsOf('printed');
    const script = provisioner.script({ ...emptyDatabase, logins });
    expect(script).not.toContain('pä$$');
    expect(script).toContain(`password '<password of printed_app>'`);
    await open(database, server).query(sqlText(script));
    const app = open(database, { user: 'printed_app', password: '<password of printed_app>' });
    expect((await app.query(sql`select pg_has_role('tenantry_app', 'usage') as member`)).rows).toEqual([{ member: true }]);
  });

  it.each<[right: string, statement: string]>([
    ['TEMP', 'create temporary table t (x integer)'],
    ['CREATE in the database', 'create schema mine'],
    ['CREATE in public', 'create table t (x integer)'],
    ['set_config', `select set_config('application_name', 'x', false)`],
    ['advisory locks', 'select pg_advisory_lock(1)'],
    ['advisory locks of a transaction', 'select pg_try_advisory_xact_lock_shared(1, 2)'],
    ['large objects', 'select lo_create(0)'],
    ['reading large objects', 'select lo_get(1)'],
    ['ending others’ sessions', 'select pg_terminate_backend(1)'],
    ['cancelling others’ statements', 'select pg_cancel_backend(1)'],
    ['others’ statements', 'select * from pg_stat_activity'],
    ['others’ statements by function', 'select pg_stat_get_backend_activity(1)'],
    ['the guarded setting', `set backtrace_functions = 'x'`],
    ['blocks of code', 'do $$ begin end $$'],
    ['new functions of admin', 'select made_by_admin()'],
    ['the shard’s own schema', 'create function tenantry.f() returns integer language sql return 1'],
  ])('leaves app without %s', async (_, statement) => {
    const database = await createDatabase();
    const logins = loginsOf('poor');
    await provision(open(database, server), provisioner, { ...emptyDatabase, logins });
    await open(database, logins.admin).query(sql`create function made_by_admin() returns integer language sql return 1`);
    await expect(open(database, logins.app).query(sqlText(statement))).rejects.toMatchObject({ cause: { sqlState: '42501' } });
  });

  it('hands every procedure and function of the configured names to admin, and nothing else', async () => {
    const administrator = open(await createDatabase(), server);
    const name = `"It's ""one"", $$"`;
    await administrator.query(
      sqlText(`create schema ${name}; create procedure ${name}.${name}() language sql as 'select 1';
        create function public.twice() returns int language sql return 1; create function public.twice(int) returns int language sql return 2;
        create function ${name}.twice() returns int language sql return 3; create aggregate public.twice(text) (sfunc = textcat, stype = text);`),
    );
    const procedures = [`It's "one", $$.It's "one", $$`, 'public.twice', 'public.missing'];
    const parsed = proceduresSchema.parse(Object.fromEntries(procedures.map((each) => [each, { returns: 'nothing' }])));
    await provision(administrator, provisioner, { ...emptyDatabase, logins: loginsOf('handed'), procedures: parsed });
    const { rows } = await administrator.query<{ name: string }>(
      sql`select oid::regprocedure::text as name from pg_proc where proowner = 'tenantry_admin'::regrole and pronamespace <> 'tenantry'::regnamespace order by 1`,
    );
    expect(rows.map((row) => row.name)).toEqual([`${name}.${name}()`, 'twice()', 'twice(integer)']);
  });

  describe('what others had made by then', () => {
    let administrator: SqlDatabase;
    let legacy: SqlDatabase;
    const logins = loginsOf('made');
    const procedures = proceduresSchema.parse({ 'public.total': { returns: 'nothing' } });
    const again = (): Promise<unknown> =>
      provision(administrator, provisioner, { ...emptyDatabase, logins, procedures, tables: [{ table: 'Posts' }] });
    const ownerOf = async (query: string): Promise<unknown> =>
      (await administrator.query(sqlText(`select ${query}::regrole::text as owner`))).rows[0]?.['owner'];
    beforeAll(async () => {
      const database = await createDatabase();
      administrator = open(database, server);
      await provision(administrator, provisioner, { ...emptyDatabase, logins });
      await administrator.query(sqlText(`create role legacy login password 'legacy'`));
      legacy = open(database, { user: 'legacy', password: 'legacy' });
      await open(database, logins.admin).query(
        sqlText(`create table secrets (name text); insert into secrets values ('of another tenant')`),
      );
    });

    // Each provisioning takes it back.
    beforeEach(() => administrator.query(sql`grant usage, create on schema public to legacy`));

    it('never runs as admin: a function of the configured name that runs as its owner stays its owner’s', async () => {
      await legacy.query(
        sqlText(`create function public.total(of text) returns text language sql security definer as 'select max(name) from public.secrets';
          create function public.total() returns int language sql return 1`),
      );
      await again();
      expect(await ownerOf(`(select proowner from pg_proc where oid = 'public.total()'::regprocedure)`)).toBe('tenantry_admin');
      await expect(legacy.query(sql`select public.total('names')`)).rejects.toMatchObject({ cause: { sqlState: '42501' } });
    });

    it('never runs as admin: a view of a configured name is no table', async () => {
      await legacy.query(sqlText(`create view public."Posts" as select * from public.secrets; grant select on public."Posts" to public`));
      await again();
      await expect(legacy.query(sql`select * from public."Posts"`)).rejects.toMatchObject({ cause: { sqlState: '42501' } });
      await legacy.query(sql`drop view public."Posts"`);
    });

    it('is refused where it is a table, which may have rules and functions of theirs, until it is handed over with open eyes', async () => {
      await legacy.query(
        sqlText(`create table public."Posts" ("Id" int); create table public.sink (name text);
          create rule also as on insert to public."Posts" do also insert into public.sink select name from public.secrets; grant insert on public."Posts" to public`),
      );
      await expect(again()).rejects.toMatchObject({
        code: 'INVALID_CONFIGURATION',
        detail: expect.stringMatching(
          /^A table of the configuration belongs to a role that is neither .* provision again\. The table is public\.Posts\.$/,
        ),
      });
      expect(await ownerOf(`(select relowner from pg_class where relname = 'Posts')`)).toBe('legacy');
      await administrator.query(sql`alter table public."Posts" owner to tenantry_admin`);
      await again();
    });

    it('is handed over where the owner of the database made it, who could have changed anything there', async () => {
      await administrator.query(sqlText(`drop table public."Posts"`));
      await administrator.query(sqlText(`do $$ begin execute format('alter database %I owner to legacy', current_database()); end $$`));
      await legacy.query(sql`create table public."Posts" ("Id" int)`);
      await again();
      expect(await ownerOf(`(select relowner from pg_class where relname = 'Posts')`)).toBe('tenantry_admin');
    });
  });

  it('leaves app no function about locks, settings, sessions or large objects, but those that only give back or need one that is open', async () => {
    const database = await createDatabase();
    const logins = loginsOf('functions');
    await provision(open(database, server), provisioner, { ...emptyDatabase, logins });
    const app = open(database, logins.app);
    const { rows } = await app.query<{ name: string }>(
      sql`select distinct proname::text as name from pg_proc
           where pronamespace = 'pg_catalog'::regnamespace and has_function_privilege(oid, 'execute')
             and proname ~ '^lo_|^lo(read|write)$|advisory|_backend$|^(set_config|currval|lastval|setseed|pg_prepared_statement|pg_stat_get_(backend_)?activity)$'
             -- Counters, before PostgreSQL 17.
             and proname !~ '^pg_stat_get_buf_'
           order by 1`,
    );
    const harmless = ['lo_close', 'lo_lseek', 'lo_lseek64', 'lo_tell', 'lo_tell64', 'pg_advisory_unlock_all'];
    expect(rows.map(({ name }) => name)).toEqual(harmless);
    const monitoring = sql`select has_function_privilege('pg_monitor', 'pg_stat_get_activity(integer)', 'execute') as sessions,
      has_function_privilege('pg_monitor', 'pg_stat_get_backend_activity(integer)', 'execute') as texts`;
    expect((await app.query(monitoring)).rows).toEqual([{ sessions: true, texts: true }]);
  });

  it('takes by name, too, what it takes from everybody, of a login that was there before', async () => {
    const database = await createDatabase();
    const [logins, administrator] = [loginsOf('by_name'), open(database, server)];
    await administrator.query(
      sqlText(`create role ${logins.app.user} login password 'before'; grant usage on language plpgsql to ${logins.app.user}; grant temporary on database "${database}" to tenantry_app, ${logins.app.user};
        grant execute on function pg_terminate_backend(integer, bigint) to ${logins.app.user} with grant option;
        grant execute on function set_config(text, text, boolean) to tenantry_app, ${logins.app.user}`),
    );
    const rights = sql`select has_language_privilege('plpgsql', 'usage') as language, has_database_privilege(current_database(), 'temporary') as temporary,
      has_function_privilege('pg_terminate_backend(integer, bigint)', 'execute') as sessions,
      has_function_privilege('set_config(text, text, boolean)', 'execute') as settings`;
    const before = open(database, { user: logins.app.user, password: 'before' });
    expect((await before.query(rights)).rows).toEqual([{ language: true, temporary: true, sessions: true, settings: true }]);
    await provision(administrator, provisioner, { ...emptyDatabase, logins });
    expect((await open(database, logins.app).query(rights)).rows).toEqual([
      { language: false, temporary: false, sessions: false, settings: false },
    ]);
  });

  it('takes back what a database had given to everybody, and a schema that was there', async () => {
    const database = await createDatabase();
    const [logins, administrator] = [loginsOf('open'), open(database, server)];
    await administrator.query(
      sqlText('grant create on schema public to public; create schema tenantry; grant all on schema tenantry to public'),
    );
    await provision(administrator, provisioner, { ...emptyDatabase, logins });
    await administrator.query(
      sqlText('set role tenantry_definer; create function tenantry.of_definer() returns integer language sql return 1; reset role'),
    );
    const owner = sql`select nspowner::regrole::text as owner, nspacl::text ~ '[{,]=' as "isPublic" from pg_namespace where nspname = 'tenantry'`;
    expect((await administrator.query(owner)).rows).toEqual([{ owner: 'tenantry_admin', isPublic: false }]);
    const app = open(database, logins.app);
    for (const statement of ['create table public.t (x integer)', 'create table tenantry.t (x integer)', 'select tenantry.of_definer()'])
      await expect(app.query(sqlText(statement))).rejects.toMatchObject({ cause: { sqlState: '42501' } });
  });

  it.each<[what: string, change: (logins: Record<PrincipalName, Login>) => void, message: string]>([
    ['two principals with one login', (logins) => (logins.mover = logins.app), 'logins.mover: its user is that of logins.app'],
    [
      'a reserved name',
      (logins) => (logins.app = { user: 'tenantry_app', password: 'x' }),
      'logins.app: the name of its user, tenantry_app, is reserved',
    ],
    ['a name with quotes', (logins) => (logins.app = { user: `a'; drop`, password: 'x' }), 'logins.app: its user must be 1 to 63 letters'],
    ['no password', (logins) => (logins.admin = { user: 'adm', password: '' }), 'logins.admin: its password is empty'],
  ])('refuses %s before anything happens', (_, change, message) => {
    const logins = loginsOf('refused');
    change(logins);
    expect(() => provisioner.script({ ...emptyDatabase, logins })).toThrow(message);
  });

  it.each(['login', 'superuser', 'bypassrls'])(
    'refuses a server that has a role of a group’s name with %s, and says what to do',
    async (attribute) => {
      const database = await createDatabase();
      const administrator = open(database, server);
      // Groups are made once per server; here they may have been made by nobody yet.
      await provision(administrator, provisioner, { ...emptyDatabase, logins: loginsOf('named') });
      await administrator.query(sqlText(`alter role tenantry_mover ${attribute}`));
      try {
        await expect(provision(administrator, provisioner, { ...emptyDatabase, logins: loginsOf('named') })).rejects.toMatchObject({
          code: 'INVALID_CONFIGURATION',
          detail:
            'One of the roles tenantry_app, tenantry_superuser, tenantry_mover, tenantry_admin, tenantry_definer and tenantry_probe exists and is a login, a superuser or bypasses row-level security: rename it.',
        });
      } finally {
        await administrator.query(sqlText(`alter role tenantry_mover no${attribute}`));
      }
    },
  );

  it('refuses to make a superuser of the server a principal, and leaves it one', async () => {
    const database = await createDatabase();
    const administrator = open(database, server);
    const logins = { ...loginsOf('super'), app: { user: server.user, password: server.password } };
    await expect(provision(administrator, provisioner, { ...emptyDatabase, logins })).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: `The login ${server.user} is a superuser or bypasses row-level security: name another.`,
    });
    expect((await administrator.query(sql`select rolsuper from pg_roles where rolname = ${server.user}`)).rows).toEqual([
      { rolsuper: true },
    ]);
  });
});

describe('provisioning where others could make things before', () => {
  /** What becomes a superuser's if a superuser runs it. */
  const escalating = `if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    alter role tenantry_definer superuser;
  end if;`;
  const planted = {
    'a function that fits better': `create function public.format(text, name) returns text language plpgsql as $$ begin
      ${escalating} return pg_catalog.format($1, $2); end $$`,
    'an operator that fits better': `create function public.differs(oid, regrole) returns boolean language plpgsql as $$ begin
      ${escalating} return $1 operator(pg_catalog.<>) $2::oid; end $$;
      create operator public.<> (leftarg = oid, rightarg = regrole, function = public.differs)`,
  };
  const plant = `create function public.plant() returns trigger language plpgsql as $$ begin ${escalating} return new; end $$;`;
  const gate = `create table tenantry_watch.gate (only_row boolean primary key default true, open boolean not null default false,
    changed_at timestamptz not null default now(), accepted_until timestamptz, override_until timestamptz, override_number bigint, override_reason text, override_by text, override_signature bytea,
    open_until timestamptz);`;
  const planting = 'create trigger plant before insert on tenantry_watch.gate for each row execute function public.plant()';
  const unwatched = 'alter event trigger tenantry_changed disable; alter event trigger tenantry_dropped disable;';
  const notOurs =
    'The schema tenantry_watch was made by another than a superuser, or holds, refers to or lets in what another made, which would run as the superuser: see what it is and whose, then say drop schema tenantry_watch cascade, and provision again.';

  const request = { ...emptyDatabase, logins: loginsOf('first_there') } as const;
  let administrator: SqlDatabase;
  let admin: SqlDatabase;
  beforeAll(async () => {
    const database = await createDatabase();
    administrator = open(database, server);
    await provision(administrator, provisioner, request);
    admin = open(database, request.logins.admin);
  });

  async function superusers(session: SqlSession): Promise<unknown> {
    return (await session.query(sql`select rolname::text as name from pg_catalog.pg_roles where rolsuper order by 1`)).rows;
  }

  /** What there is, of superusers, when the database was provisioned again after the change; all of it is undone. */
  async function afterwards(change: string, look: (session: SqlSession) => Promise<unknown> = superusers): Promise<unknown> {
    const undone = new Error('undone');
    let found: unknown;
    const answer = administrator.transaction(async (session) => {
      await session.query(sqlText(change));
      for (const statement of provisioner.provision(request)) await session.query(statement);
      found = await look(session);
      throw undone;
    });
    await answer.catch((error: unknown) => {
      if (error !== undone) throw error;
    });
    return found;
  }

  it.each(Object.entries(planted))('runs none of it: %s, in a schema that names without one are looked for in', async (_, statements) => {
    expect(await afterwards(`set local role tenantry_admin; ${statements}; reset role`)).toEqual([{ name: server.user }]);
  });

  it('runs none of it by the script that is printed, in the session of whoever runs that, and refuses by it, too', async () => {
    const script = sqlText(provisioner.script(request));
    try {
      await admin.query(sqlText(Object.values(planted).join(';')));
      await administrator.query(script);
      expect(await superusers(administrator)).toEqual([{ name: server.user }]);
      await administrator.query(sql`drop schema tenantry_watch cascade`);
      await admin.query(sqlText(`create schema tenantry_watch; ${gate} ${plant} ${planting}`));
      await expect(administrator.query(script)).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION', detail: notOurs });
      await administrator.query(sql`rollback`);
      await expect(provision(administrator, provisioner, request)).rejects.toMatchObject({
        code: 'INVALID_CONFIGURATION',
        detail: notOurs,
      });
      expect(await superusers(administrator)).toEqual([{ name: server.user }]);
    } finally {
      await administrator.query(
        sqlText(`rollback; alter role tenantry_definer nosuperuser; drop schema tenantry_watch cascade; drop schema public cascade;
          create schema public authorization pg_database_owner`),
      );
      await provision(administrator, provisioner, request);
    }
    expect(await afterwards('')).toEqual([{ name: server.user }]);
  });

  it('is not late for a schema of the watching that admin makes meanwhile', async () => {
    await administrator.query(sql`drop schema tenantry_watch cascade`);
    const [made, looked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const racing = admin.transaction(async (session) => {
      await session.query(sql`create schema tenantry_watch`);
      made.resolve();
      await looked.promise;
    });
    await made.promise;
    const provisioning = provision(administrator, provisioner, request);
    const outcome = expect(provisioning).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect.poll(async () => (await admin.query(sql`select from pg_locks where not granted`)).rowCount).toBeGreaterThan(0);
    looked.resolve();
    await racing;
    await outcome;
    await expect(provision(administrator, provisioner, request)).rejects.toMatchObject({ detail: notOurs });
    await administrator.query(sql`drop schema tenantry_watch`);
    await provision(administrator, provisioner, request);
  });

  it.each<[what: string, statements: string]>([
    ['a trigger that calls another’s function', `${plant} ${planting}`],
    ['a table of another', 'create table tenantry_watch.kept (x integer); alter table tenantry_watch.kept owner to tenantry_admin'],
    ['a function of another', 'alter function tenantry_watch.judge() owner to tenantry_admin'],
    ['a type of another', 'create domain tenantry_watch.d as integer; alter domain tenantry_watch.d owner to tenantry_admin'],
    [
      'a default that calls another’s function',
      `create function public.now_as() returns text language sql return 'x'; alter table tenantry_watch.gate alter column override_by set default public.now_as()`,
    ],
    [
      'a rule that writes another’s table',
      'create table public.t (x integer); create rule r as on insert to tenantry_watch.gate do also insert into public.t values (1)',
    ],
    [
      'a policy that calls another’s function',
      'create function public.yes() returns boolean language sql return true; create policy p on tenantry_watch.gate using (public.yes())',
    ],
    ['a table that others’ rows are read with', 'create table public.child () inherits (tenantry_watch.tenant_column)'],
    ['a key of another’s table', 'create table public.pointing (name text references tenantry_watch.tenant_column)'],
    ['a right to put triggers', 'grant trigger on tenantry_watch.gate to tenantry_admin'],
    ['a right to add to it', 'grant create on schema tenantry_watch to tenantry_admin'],
    ['another owner', 'alter schema tenantry_watch owner to tenantry_admin'],
  ])('refuses a schema of the watching that has %s', async (_, statements) => {
    await expect(afterwards(`${unwatched} ${statements}`)).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION', detail: notOurs });
  });

  it.each<[what: string, change: string]>([
    ['a member', 'grant tenantry_watcher to tenantry_admin'],
    ['another role', 'grant pg_read_all_data to tenantry_watcher'],
    ['a member who makes roles', 'create role maker createrole; grant tenantry_watcher to maker with admin option'],
    ['an attribute', 'alter role tenantry_watcher createrole'],
  ])('refuses a server whose watcher has %s', async (_, change) => {
    await expect(afterwards(change)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail:
        'The role tenantry_watcher has an attribute, a member or another role besides pg_signal_backend: take it away and provision again, since whoever could become this role could become the superuser.',
    });
  });

  it.each<[what: string, change: string]>([
    ['may make others members of it, and so himself', 'grant tenantry_mover to maker with admin option'],
    ['may name it as an owner', 'grant tenantry_definer to maker'],
    ['may be each login by it', 'grant tenantry_probe to maker'],
  ])('refuses a server where another is a member of one of its roles who %s', async (_, change) => {
    await expect(afterwards(`create role maker createrole; ${change}`)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringMatching(/^A role that is neither a superuser nor the one that provisions is a member/) as string,
    });
    expect(await afterwards('create role reader; grant tenantry_superuser to reader')).toEqual([{ name: server.user }]);
  });

  it('refuses a login that another made before, and so may become', async () => {
    await expect(afterwards('create role maker createrole; grant first_there_mover to maker with admin option')).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringMatching(/^Of the login first_there_mover a role is a member with admin option/) as string,
    });
  });

  it('is not late for a role of the watching that another makes meanwhile', async () => {
    await using fresh = await startPostgres();
    const [connect, logins] = [
      { engine: 'postgres', host: fresh.host, port: fresh.port, database: 'postgres', tls: 'disable' } as const,
      loginsOf('late'),
    ];
    const [root, late] = [engine.open(connect, fresh), engine.open(connect, fresh)];
    await root.query(sql`create role maker createrole`);
    let provisioned: Promise<unknown> | undefined;
    await late.transaction(async (session) => {
      await session.query(sqlText('set local role maker; create role tenantry_watcher nologin createrole; reset role'));
      provisioned = provision(root, provisioner, { ...emptyDatabase, logins }).catch((error: unknown) => error);
      await expect.poll(async () => (await session.query(sqlText('select 1 from pg_locks where not granted'))).rowCount).toBe(1);
    });
    expect(await provisioned).toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringMatching(/^The role tenantry_watcher has an attribute/) as string,
    });
    await Promise.all([root.close(), late.close()]);
  });

  it('waits five seconds at most where another changes roles of the server and does not end', async () => {
    const asked = { ...emptyDatabase, logins: loginsOf('waiting') };
    const [root, late] = [open(await createDatabase(), server), open('postgres', server)];
    await late.transaction(async (session) => {
      await session.query(sqlText('create role bystander'));
      await expect(provision(root, provisioner, asked)).rejects.toMatchObject({
        code: 'TIMEOUT',
        detail: expect.stringContaining('Another transaction holds what this needs') as string,
      });
      await session.query(sqlText('drop role bystander'));
    });
    await expect(provision(root, provisioner, asked)).resolves.toBeUndefined();
  });

  it.each([
    ['a superuser', '', ['drop role bystander', 'create role another', 'grant bystander to held_app', 'alter role tenantry_app createdb']],
    ['another, who may not lock them all', 'set local role manager', ['alter role tenantry_watcher createdb']],
  ])('lets nobody change a role between what is looked at and what is named, provisioned by %s', async (_, become, attempts) => {
    await using fresh = await startPostgres();
    const connect = { engine: 'postgres', host: fresh.host, port: fresh.port, database: 'postgres', tls: 'disable' } as const;
    const [root, other] = [engine.open(connect, fresh), engine.open(connect, fresh)];
    const asked = { ...emptyDatabase, logins: loginsOf('held') };
    await provision(root, provisioner, asked);
    await root.query(sqlText('create role bystander; create role manager createrole'));
    if (become !== '')
      await root.query(
        sqlText(`grant create on database postgres to manager; grant usage on language plpgsql to manager;
          grant tenantry_watcher to manager with admin option`),
      );
    await root.transaction(async (session) => {
      const [first] = provisioner.provision(asked);
      if (first === undefined) throw new Error('Provisioning consists of statements.');
      if (become !== '') await session.query(sqlText(become));
      await session.query(first);
      for (const attempt of attempts)
        await expect(other.query(sqlText(`set lock_timeout = '50ms'; ${attempt}`)), attempt).rejects.toMatchObject({ code: 'TIMEOUT' });
    });
    await Promise.all([root.close(), other.close()]);
  });

  it.each<[what: string, change: string]>([
    ['a function', 'create function tenantry.evil() returns int language sql return 1; alter function tenantry.evil() owner to maker'],
    ['a view', 'create view tenantry.evil as select 1 as one; alter view tenantry.evil owner to maker'],
    ['the schema itself', 'alter schema tenantry owner to maker'],
  ])('refuses a schema tenantry of which %s is somebody else’s', async (_, change) => {
    await expect(afterwards(`create role maker; ${change}`)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringMatching(/^The schema tenantry, or something in it, belongs to a role that is neither/) as string,
    });
  });

  it('leaves nobody a right by default privileges to what watches', async () => {
    const rights = async (session: SqlSession): Promise<unknown> =>
      (
        await session.query(
          sqlText(`select o.name, g.grantee::regrole::text as grantee, string_agg(g.privilege_type, ',' order by g.privilege_type) as rights
            from (select nspname::text as name, nspacl as acl from pg_namespace where nspname = 'tenantry_watch'
                  union all select c.relname, c.relacl from pg_class c where c.relnamespace = 'tenantry_watch'::regnamespace and c.relkind in ('r', 'S')
                  union all select c.relname || '.' || a.attname, a.attacl from pg_class c join pg_attribute a on a.attrelid = c.oid
                             where c.relnamespace = 'tenantry_watch'::regnamespace
                  union all select p.proname, coalesce(p.proacl, acldefault('f', p.proowner)) from pg_proc p where p.pronamespace = 'tenantry_watch'::regnamespace) o
            cross join lateral aclexplode(o.acl) g where g.grantee <> 'tenantry_watcher'::regrole group by 1, 2 order by 1, 2`),
        )
      ).rows;
    const by = ['tables', 'sequences', 'functions', 'schemas'].flatMap((kind) =>
      ['public', 'tenantry_admin', request.logins.app.user].map((whom) => `alter default privileges grant all on ${kind} to ${whom};`),
    );
    const given = await afterwards(`${unwatched} drop schema tenantry_watch cascade; ${by.join(' ')}`, rights);
    expect(given).toEqual(await rights(administrator));
    expect(given).toContainEqual({ name: 'change_log', grantee: 'tenantry_admin', rights: 'SELECT' });
    expect(given).not.toContainEqual(expect.objectContaining({ grantee: request.logins.app.user }));
  });

  it.each<[what: string, change: string]>([
    ['runs another’s function', 'create event trigger tenantry_more on ddl_command_start execute function public.noted()'],
    ['runs a function that was handed to another', 'alter function tenantry_watch.changed() owner to tenantry_admin'],
  ])('refuses an event trigger of the watching’s name that %s', async (_, change) => {
    const noted = `create function public.noted() returns event_trigger language plpgsql as $$ begin ${escalating} end $$;`;
    await expect(afterwards(`${unwatched} ${noted} ${change}`)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringMatching(/^An event trigger whose name begins with tenantry_ belongs to a role that is no superuser/) as string,
    });
  });

  it('takes what a superuser has restored for the watching, and gives it to the watcher', async () => {
    await administrator.query(
      sqlText(`${unwatched} alter schema tenantry_watch owner to session_user; alter table tenantry_watch.gate owner to session_user`),
    );
    await provision(administrator, provisioner, request);
    const owners = sql`select nspowner::regrole::text as schema, (select relowner::regrole::text from pg_class where oid = 'tenantry_watch.gate'::regclass) as gate
      from pg_namespace where nspname = 'tenantry_watch'`;
    expect((await administrator.query(owners)).rows).toEqual([{ schema: 'tenantry_watcher', gate: 'tenantry_watcher' }]);
  });
});

describe('installing a shard', () => {
  it('refuses a database that was not prepared, and says what to do', async () => {
    const database = await createDatabase();
    const installing = installShard(open(database, server), policies, { ...emptyDatabase, accepting: accepting(), keyType: 'int' });
    await expect(installing).rejects.toThrow('provision it with --bootstrap, or run the SQL printed without it');
  });

  it('runs nothing that another made in its schema while it was provisioned, who may make nothing there afterwards', async () => {
    const database = await createDatabase();
    const [logins, administrator] = [loginsOf('squatted'), open(database, server)];
    await administrator.query(
      sqlText(`create role squatter; create schema tenantry; grant all on schema tenantry to squatter; create sequence runs; grant usage on sequence runs to public;
        create function counts() returns boolean language plpgsql as $$ begin perform nextval('public.runs'); return true; end $$`),
    );
    await open(database, server).transaction(async (session) => {
      await session.query(
        sqlText(`set local role squatter; create view tenantry.schema_version as select ${schemaVersions.shard} as version where public.counts();
          create view tenantry.shard_identity as select null::uuid as shard_id, 'map' as map, 'int' as key_type where public.counts();
          grant select on tenantry.schema_version, tenantry.shard_identity to public; reset role`),
      );
      await provision(administrator, provisioner, { ...emptyDatabase, logins });
    });
    const admin = open(database, logins.admin);
    expect(await new LocalMap(admin).description()).toBeUndefined();
    await expect(installShard(admin, policies, { ...emptyDatabase, accepting: accepting(), keyType: 'int' })).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringMatching(
        /^The schema tenantry of the database, or something in it, belongs to a role that is neither/,
      ) as string,
    });
    const { rows } = await administrator.query(
      sqlText("select has_schema_privilege('squatter', 'tenantry', 'create') as makes, (select is_called from runs) as ran"),
    );
    expect(rows).toEqual([{ makes: false, ran: false }]);
    await administrator.query(sqlText('drop owned by squatter; drop role squatter'));
    await installShard(admin, policies, { ...emptyDatabase, accepting: accepting(), keyType: 'int' });
    expect(await new LocalMap(admin).description()).toEqual({ schemaVersion: schemaVersions.shard });
  });

  it('refuses a shard of a newer schema, and changes nothing in it', async () => {
    const database = await createDatabase();
    const logins = loginsOf('newer');
    await provision(open(database, server), provisioner, { ...emptyDatabase, logins });
    const admin = open(database, logins.admin);
    const installation = { ...emptyDatabase, keyType: 'int', accepting: accepting() } as const;
    await installShard(admin, policies, installation);
    await admin.query(sql`update tenantry.schema_version set version = ${schemaVersions.shard + 1}`);
    await expect(installShard(admin, policies, installation)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: otherVersion('The database is a shard whose schema', 'shard', schemaVersions.shard + 1),
    });
  });

  it('refuses a shard of another key type', async () => {
    const database = await createDatabase();
    const logins = loginsOf('typed');
    await provision(open(database, server), provisioner, { ...emptyDatabase, logins });
    const admin = open(database, logins.admin);
    await installShard(admin, policies, { ...emptyDatabase, accepting: accepting(), keyType: 'uuid' });
    const again = installShard(admin, policies, { ...emptyDatabase, accepting: accepting(), keyType: 'int' });
    await expect(again).rejects.toThrow(`The database is a shard for keys of type uuid; the map's are of type int.`);
    const other = installShard(admin, policies, { ...emptyDatabase, accepting: accepting(), keyType: 'uuid', contextProtection: 'plain' });
    // It is better protected than has to be.
    await expect(other).resolves.toMatchObject({ applied: true });
  });
});
