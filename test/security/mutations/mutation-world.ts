import { readFileSync } from 'node:fs';
import { sql, sqlText } from '../../../src/core/sql.ts';
import type { SqlSession } from '../../../src/core/session.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { fingerprintFunction } from '../../../src/engine/postgres/fingerprint-function.ts';
import { postgresRehearsals } from '../../../src/engine/postgres/rehearsal.ts';
import { verifyProtection } from '../../../src/engine/verification.ts';
import { compare } from '../../../src/policy/diff.ts';
import { probe } from '../../../src/policy/probes/probe.ts';
import { rehearseWithin } from '../../../src/policy/probes/rehearse.ts';
import { accepting, signerOfTests } from '../../support/accepting.ts';
import { applyDespiteLeaks } from '../../support/apply-despite-leaks.ts';
import { postgresPolicies } from '../../support/policy-shard.ts';
import { createTestShard, shardLogins, type TestShard } from '../../support/postgres-shard.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';
import { usersOf } from '../../support/users-of.ts';
import { expected, located, parts, tables } from './configured.ts';
import type { Mutation } from './mutation.ts';

/** What became of a mutation. */
export interface Judgement {
  /** The attacks that it lets through; undefined: none was tried. */
  readonly leaks?: readonly string[];
  /** `event trigger`: the gate was closed in the same transaction. */
  readonly caughtBy: readonly ('event trigger' | 'gate query' | 'fingerprint' | 'comparison' | 'probes')[];
  /** Why it could not be made. */
  readonly refused?: string;
}

export interface JudgeOptions {
  /** Whether to try what an attacker comes to, and whether the change closes the gate when it is committed; by default both are tried. */
  readonly attacks?: boolean;
  /** Whether the probes are tried; by default they are not. */
  readonly probes?: boolean;
}

/** A shard with tables of every kind of protection, which is changed and put back. */
export interface MutationWorld {
  readonly shard: TestShard;
  readonly server: PostgresServer;
  /** Makes the change in a transaction, judges it, and rolls it back. */
  judge(mutation: Mutation, options?: JudgeOptions): Promise<Judgement>;
  close(): Promise<void>;
}

export async function startMutationWorld(): Promise<MutationWorld> {
  const server = await startPostgres();
  const shard = await createTestShard(server, 'mutations', { watched: true });
  await shard.admin.query(sqlText(file('world.sql')));
  // Of the server's superuser, whom no policy binds.
  const ofRoot = [
    'function told_of()',
    'function tell()',
    'function tell_more()',
    'function note(text)',
    'function remember(text)',
    'view "Told"',
    ...['operator', 'negator', 'aggregate', 'type', 'rule'].map((way) => `function tell_by_${way}()`),
    ...['give()', 'give_another()', 'pair()', 'tell_mine()'].map((routine) => `function ${routine}`),
  ];
  await shard.root.query(sqlText(ofRoot.map((object) => `alter ${object} owner to current_user`).join('; ')));
  // Nobody but the server's superuser makes one.
  await shard.root.query(
    sqlText('create operator class by_number for type integer using btree as operator 1 <, function 1 compared(integer, integer)'),
  );
  await shard.root.query(sqlText(elsewhere(shard)));
  for (const [tenant, key] of [
    [1, '80000001'],
    [2, '80000002'],
  ] as const) {
    const token = Buffer.from(`tenant-${tenant}-secret!`);
    await shard.admin.query(
      sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (${tenant}, 'point', ${Buffer.from(key, 'hex')}, 'ONLINE', 1, ${token})`,
    );
  }
  const request = { tables, procedures: [], accepting: accepting(shard.shardId), keyType: 'int', dryRun: false } as const;
  await applyDespiteLeaks(shard.admin, postgresPolicies, request);
  return {
    shard,
    server,
    judge: (mutation, options = {}) => judge(shard, server, mutation, options),
    close: async () => {
      await shard.close();
      await server.stop();
    },
  };
}

/**
 * Foreign tables of this very database: one that app reads as app, who has entered as nobody there, and one behind a view whose owner sees
 * every tenant.
 */
function elsewhere({ address: { host, port, database } }: TestShard): string {
  const as = ({ user, password }: typeof shardLogins.app): string => `server far options (user '${user}', password '${password}')`;
  return `create schema elsewhere; create extension postgres_fdw schema elsewhere;
    create server far foreign data wrapper postgres_fdw
      options (host '${host}', port '${port}', dbname '${database}', options '-c lock_timeout=20 -c statement_timeout=1000');
    create user mapping for ${shardLogins.app.user} ${as(shardLogins.app)};
    create user mapping for tenantry_admin ${as(shardLogins.superuser)};
    create foreign table public."Far" ("Text" text options (column_name 'Name')) server far options (table_name 'Blogs');
    create foreign table public."FarBlogs" (
      "Whose" integer options (column_name 'TenantId'), "Text" text options (column_name 'Name')
    ) server far options (table_name 'Blogs');
    create view public."FarOwn" as select "Text" from public."FarBlogs" where "Whose" = (select tenantry.current_tenant());
    alter foreign table public."Far" owner to tenantry_admin; alter foreign table public."FarBlogs" owner to tenantry_admin;
    alter view public."FarOwn" owner to tenantry_admin; grant select on public."Far", public."FarOwn" to tenantry_app`;
}

function file(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

const judgeText = file('judge.sql');

/** Thrown to roll a mutation back. */
class Judged extends Error {
  readonly judgement: Judgement;

  constructor(judgement: Judgement) {
    super('It was judged.');
    this.judgement = judgement;
  }
}

async function judge(shard: TestShard, server: PostgresServer, mutation: Mutation, options: JudgeOptions): Promise<Judgement> {
  // What is changed in the catalog itself, the server's process does not always see go back.
  const root = isInCatalog(mutation) ? createPostgresEngine().open(shard.address, server) : shard.root;
  const judging = root.transaction(async (session) => {
    // What it changes may be what functions are made with.
    if (options.attacks !== false) await session.query(sqlText(judgeText));
    await session.query(sqlText('savepoint whole'));
    const refused = await failureOf(session.query(sqlText(mutation.statement)));
    if (refused !== undefined) throw new Judged({ caughtBy: [], refused });
    throw new Judged(await judged(session, shard, options));
  });
  const result = await judging.catch((error: unknown) => error);
  if (root !== shard.root) await root.close();
  if (result instanceof Judged) return result.judgement;
  throw new Error(`After ${mutation.statement}`, { cause: result });
}

function isInCatalog({ statement }: Mutation): boolean {
  return /\bupdate pg_|allow_system_table_mods/.test(statement);
}

async function failureOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return String(error instanceof Error && error.cause instanceof Error ? error.cause.message : error);
  }
}

async function judged(session: SqlSession, shard: TestShard, { attacks = true, probes = false }: JudgeOptions): Promise<Judgement> {
  const caughtBy: Judgement['caughtBy'][number][] = [];
  const asApp = async (work: () => Promise<boolean>): Promise<boolean | undefined> =>
    await undone(session, async () => {
      await session.query(sql`set local session authorization ${sql.id(shardLogins.app.user)}`);
      return await work();
    });
  const objection = asApp(async () => {
    const { differing, objection: said } = await verifyProtection(session, fingerprintFunction(), signerOfTests(shard.shardId));
    return differing.length > 0 || (said !== undefined && !said.startsWith('its gate is closed'));
  });
  if ((await objection) ?? true) caughtBy.push('fingerprint');
  if (!attacks && caughtBy.length > 0) return { caughtBy };
  if ((await asApp(async () => (await session.run('policy/gate', { tables: expected })).rows.length > 0)) ?? true)
    caughtBy.push('gate query');
  // With the configuration, as `policy verify` does: what app cannot come to is in no fingerprint.
  if (caughtBy.length === 0) {
    const { renderer } = postgresPolicies;
    const isDifferent = await undone(
      session,
      async () => (await compare(session, renderer, { tables: located, procedures: [], keyType: 'int' })).pending.length > 0,
    );
    if (isDifferent ?? true) caughtBy.push('comparison');
  }
  if (!attacks) return { caughtBy };
  const leaks = await undoneOrFailed(session, async () => {
    await attempt(session, () => session.query(sqlText('update tenantry_watch.gate set open = true where not open')));
    const { rows } = await session.query<{ leak: string }>(
      sql`select * from pg_temp.leaks(${shardLogins.app.user}, ${shardLogins.superuser.user}) as l (leak)`,
    );
    return rows.map(({ leak }) => leak);
  });
  if (probes) {
    const found = await undone(session, async () => {
      await session.query(sqlText('set local role tenantry_admin'));
      const stage = { rehearsals: postgresRehearsals };
      const report = await rehearseWithin(session, stage, { users: usersOf(shardLogins), keyType: 'int' }, (rehearsed) =>
        probe(rehearsed, { tables: located, parts }),
      );
      return report.findings.some(({ outcome }) => outcome !== 'unproven');
    });
    if (found ?? true) caughtBy.push('probes');
  }
  // Last: what is tried before finds the gate open.
  if (await closesGate(session)) caughtBy.push('event trigger');
  return { leaks, caughtBy };
}

/** Whether it would be closed when the change is committed. */
async function closesGate(session: SqlSession): Promise<boolean> {
  const isClosed = await attempt(session, async () => {
    await session.query(sqlText('set constraints all immediate'));
    const { rows } = await session.query<{ open: boolean }>(sqlText('select open from tenantry_watch.gate'));
    return rows[0]?.open !== true;
  });
  await session.query(sqlText('set constraints all deferred'));
  return isClosed ?? true;
}

/** What it gives; undefined where the server refuses it. */
async function attempt<T>(session: SqlSession, work: () => Promise<T>): Promise<T | undefined> {
  await session.query(sqlText('savepoint attempted'));
  try {
    const result = await work();
    await session.query(sqlText('release savepoint attempted'));
    return result;
  } catch {
    await session.query(sqlText('rollback to savepoint attempted; release savepoint attempted'));
    return undefined;
  }
}

/** The same, and nothing of it stays. */
async function undone<T>(session: SqlSession, work: () => Promise<T>): Promise<T | undefined> {
  return await undoneOrFailed(session, work).catch(() => undefined);
}

/** What it gives, and nothing of it stays; rejects where the server refuses it. */
async function undoneOrFailed<T>(session: SqlSession, work: () => Promise<T>): Promise<T> {
  await session.query(sqlText('savepoint judged'));
  try {
    return await work();
  } finally {
    await session.query(sqlText('rollback to savepoint judged; release savepoint judged'));
  }
}
