import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compileSql, type CompiledSql } from '../../src/core/compile-sql.ts';
import { sql, type Sql } from '../../src/core/sql.ts';
import type { EngineConnection } from '../../src/engine/engine.ts';
import { EntryRefused, type Entry } from '../../src/engine/entry.ts';

/** Moments of a statement on the wire. */
export type WireMoment = 'sent' | 'answering' | 'answered';

/**
 * What a case is about: `wire`, what goes over the connection and what a caller is told of it, which a scripted server can
 * show too; `semantics`, what only the server itself can show.
 */
export type CaseKind = 'wire' | 'semantics';

/** A case by its title. */
export interface ContractCase {
  readonly kind: CaseKind;
  readonly title: string;
}

/** What an engine brings along to be held to the contract: a shard with the table Blogs, and tenants 1 and 2 on it. */
export interface EngineGround {
  /** Opens a connection as app, through something that counts and cuts. */
  connect(): Promise<EngineConnection>;
  entry(tenant: number): Entry;
  /** Changes the tenant's local mapping; `{}` makes it online again at epoch 5. */
  setMapping(tenant: number, change: { state?: string; epoch?: number; movedTo?: { shardId: string; epoch: number } }): Promise<void>;
  /** Rows of all tenants in Blogs, as the owner sees them. */
  countBlogs(): Promise<number>;
  clearBlogs(): Promise<void>;
  /** Round trips that the work took on the wire. */
  roundTrips(work: () => Promise<unknown>): Promise<number>;
  /** Cuts the connection when the server's answer to the next statement comes, before it arrives. */
  cutNextAnswer(): void;
  /** Does something when the next statement has been sent to the server, or when its answer is about to arrive, or has arrived. */
  onNext(moment: WireMoment, action: () => void): Promise<unknown>;
  /** A statement that takes this long. */
  sleep(ms: number): Sql;
  /** A statement that opens a transaction of its own. */
  readonly begin: Sql;
  /** Whether the server refuses writes of what was said to read. */
  readonly readOnlyTransactions: boolean;
  /** Round trips of a stream of 700 small rows. */
  readonly streamRoundTrips: number;
  close(): Promise<void>;
}

const options = { readOnly: false, timeoutMs: 10_000 };
const readOnly = { readOnly: true, timeoutMs: 10_000 };
const readCommitted = { ...options, isolation: 'read committed' } as const;

/** The cases that every engine passes, or those of one kind. Returns all cases, run here or not. */
export function describeEngine(
  name: string,
  open: () => Promise<EngineGround>,
  kinds: readonly CaseKind[] = ['wire', 'semantics'],
): ContractCase[] {
  const cases: ContractCase[] = [];
  const caseOf =
    (kind: CaseKind) =>
    (title: string, work: () => Promise<void>): void => {
      cases.push({ kind, title });
      if (kinds.includes(kind)) test(title, work);
    };
  const [wire, semantics] = [caseOf('wire'), caseOf('semantics')];

  describe(`the engine port, by ${name}`, () => {
    let ground: EngineGround;
    let connection: EngineConnection;

    beforeAll(async () => {
      ground = await open();
    });
    afterAll(async () => {
      await ground?.close();
    });
    beforeEach(async () => {
      await ground.clearBlogs();
      await ground.setMapping(1, {});
      await ground.setMapping(2, {});
      connection = await ground.connect();
      return async () => await connection.close();
    });

    const compiled = (statement: Sql): CompiledSql => compileSql(statement, connection.dialect);
    const insert = (id: number, title = 'a blog'): CompiledSql =>
      compiled(sql`insert into ${sql.id('Blogs')} (${sql.id('BlogId')}, ${sql.id('Name')}) values (${id}, ${title})`);
    const all = (): CompiledSql =>
      compiled(sql`select ${sql.id('TenantId')}, ${sql.id('BlogId')} from ${sql.id('Blogs')} order by ${sql.id('BlogId')}`);
    const insertBoth = async (): Promise<void> => {
      await connection.execute(ground.entry(1), insert(1), options);
      await connection.execute(ground.entry(2), insert(2), options);
    };

    semantics('each tenant sees its own rows on one connection, and no other', async () => {
      await insertBoth();
      expect((await connection.execute(ground.entry(1), all(), readOnly)).rows).toEqual([{ TenantId: 1, BlogId: 1 }]);
      expect((await connection.execute(ground.entry(2), all(), options)).rows).toEqual([{ TenantId: 2, BlogId: 2 }]);
    });

    semantics('a row for another tenant is refused', async () => {
      const foreign = compiled(
        sql`insert into ${sql.id('Blogs')} (${sql.id('TenantId')}, ${sql.id('BlogId')}, ${sql.id('Name')}) values (${2}, ${3}, ${'x'})`,
      );
      await expect(connection.execute(ground.entry(1), foreign, options)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      expect(await ground.countBlogs()).toBe(0);
    });

    semantics('counts the rows that a statement changed', async () => {
      await insertBoth();
      const rename = compiled(sql`update ${sql.id('Blogs')} set ${sql.id('Name')} = ${'new'}`);
      expect(await connection.execute(ground.entry(1), rename, options)).toEqual({ rows: [], rowCount: 1 });
    });

    const refusals: readonly [string, Parameters<EngineGround['setMapping']>[1]][] = [
      ['OFFLINE', { state: 'OFFLINE' }],
      ['DRAINING', { state: 'DRAINING' }],
      ['INCOMING', { state: 'INCOMING' }],
      ['STALE_EPOCH', { epoch: 6 }],
      ['MOVED', { state: 'MOVED', movedTo: { shardId: '00000000-0000-4000-8000-00000000000b', epoch: 9 } }],
    ];
    for (const [reason, change] of refusals) {
      wire(`refuses with ${reason} and runs nothing, as a write, as a read and as a transaction`, async () => {
        await ground.setMapping(1, change);
        const refusal = { reason, ...change.movedTo };
        await expect(connection.execute(ground.entry(1), insert(1), options)).rejects.toEqual(new EntryRefused(refusal as never));
        await expect(connection.execute(ground.entry(1), all(), readOnly)).rejects.toMatchObject({ refusal });
        await expect(connection.begin(ground.entry(1), readCommitted)).rejects.toMatchObject({ refusal });
        expect(await ground.countBlogs()).toBe(0);
        expect((await connection.execute(ground.entry(2), all(), readOnly)).rows).toEqual([]);
      });
    }

    semantics('tells who has no token nothing but that', async () => {
      const entry = { ...ground.entry(1), token: new Uint8Array(16) };
      await ground.setMapping(1, { state: 'OFFLINE' });
      await expect(connection.execute(entry, all(), options)).rejects.toMatchObject({ refusal: { reason: 'BAD_TOKEN' } });
      await expect(connection.execute({ ...ground.entry(1), mappingId: 77 }, all(), options)).rejects.toMatchObject({
        refusal: { reason: 'UNKNOWN_MAPPING' },
      });
    });

    semantics("refuses a key outside the mapping, with the mapping's own token", async () => {
      await expect(connection.execute({ ...ground.entry(1), key: ground.entry(2).key }, all(), readOnly)).rejects.toMatchObject({
        refusal: { reason: 'UNKNOWN_MAPPING' },
      });
    });

    semantics('a statement that was said to read cannot write, where the engine says so', async () => {
      if (!ground.readOnlyTransactions) return;
      await expect(connection.execute(ground.entry(1), insert(1), readOnly)).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
      const transaction = await connection.begin(ground.entry(1), { ...readOnly, isolation: 'repeatable read' });
      await expect(transaction.query(insert(1))).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
      await transaction.rollback();
      expect(await ground.countBlogs()).toBe(0);
    });

    wire('takes one round trip: the first time, again, for no rows, for a refusal, for an error, to begin', async () => {
      const trips = async (work: () => Promise<unknown>): Promise<number> =>
        await ground.roundTrips(() => work().catch((error: unknown) => error));
      expect(await trips(() => connection.execute(ground.entry(1), insert(1), options))).toBe(1);
      expect(await trips(() => connection.execute(ground.entry(1), insert(2), options))).toBe(1);
      expect(await trips(() => connection.execute(ground.entry(2), all(), readOnly))).toBe(1);
      expect(await trips(() => connection.execute(ground.entry(1), all(), readOnly))).toBe(1);
      expect(await trips(() => connection.execute(ground.entry(1), insert(1), options))).toBe(1);
      expect(await trips(() => connection.execute(ground.entry(1), compiled(sql`select no_such_column`), options))).toBe(1);
      expect(await trips(() => connection.execute({ ...ground.entry(1), mappingId: 77 }, all(), options))).toBe(1);
      expect(await trips(async () => await (await connection.begin(ground.entry(1), readCommitted)).rollback())).toBe(2);
    });

    wire('maps a key twice to CONFLICT, without the values', async () => {
      await connection.execute(ground.entry(1), insert(1), options);
      const failure: unknown = await connection
        .execute(ground.entry(1), insert(1, 'secret name'), options)
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'CONFLICT', outcome: 'not-run' });
      expect(`${String(failure)} ${String((failure as Error).cause)}`).not.toMatch(/secret|=\(/);
      expect(connection.usable).toBe(true);
    });

    wire('ends a statement at its limit, certainly rolled back, and the connection serves the next tenant', async () => {
      await expect(
        connection.execute(ground.entry(1), compiled(ground.sleep(20_000)), { ...options, timeoutMs: 100 }),
      ).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'not-run' });
      expect(connection.usable).toBe(true);
      expect((await connection.execute(ground.entry(2), all(), options)).rows).toEqual([]);
    });

    wire("ends a statement at the caller's wish", async () => {
      const caller = new AbortController();
      const sent = ground.onNext('sent', () => caller.abort());
      const statement = connection.execute(ground.entry(1), compiled(ground.sleep(20_000)), { ...options, signal: caller.signal });
      await expect(statement).rejects.toMatchObject({ code: 'CANCELLED', outcome: 'not-run' });
      await sent;
      expect(connection.usable).toBe(true);
    });

    wire('never cancels the next statement, whenever the wish comes', async () => {
      for (const moment of ['sent', 'answering', 'answered'] as const) {
        for (let round = 0; round < 7; round += 1) {
          const caller = new AbortController();
          const came = ground.onNext(moment, () => caller.abort());
          const statement = compiled(ground.sleep(0));
          await connection.execute(ground.entry(1), statement, { ...options, signal: caller.signal }).catch((error: unknown) => error);
          await came;
          // Runs for a moment, in which a cancellation that comes too late would find it.
          expect((await connection.execute(ground.entry(2), compiled(ground.sleep(3)), options)).rowCount, moment).toBe(1);
        }
      }
      await expect(connection.execute(ground.entry(1), all(), { ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'CANCELLED',
      });
    });

    wire('commits what a transaction did, and rolls back what it gave up', async () => {
      const kept = await connection.begin(ground.entry(1), readCommitted);
      await kept.query(insert(1));
      await kept.commit();
      const given = await connection.begin(ground.entry(1), readCommitted);
      await given.query(insert(2));
      await given.rollback();
      expect((await connection.execute(ground.entry(1), all(), options)).rows).toEqual([{ TenantId: 1, BlogId: 1 }]);
      await expect(kept.query(all())).rejects.toMatchObject({ code: 'SESSION_MISUSE' });
    });

    wire('a commit of a transaction in which a statement failed is an error', async () => {
      const transaction = await connection.begin(ground.entry(1), readCommitted);
      await transaction.query(insert(1));
      await expect(transaction.query(insert(1))).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(transaction.commit()).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
      expect(await ground.countBlogs()).toBe(0);
      expect(connection.usable).toBe(true);
    });

    wire('streams rows of one tenant with backpressure, to the end or not', async () => {
      const transaction = await connection.begin(ground.entry(1), readCommitted);
      for (let id = 1; id <= 700; id += 1) await transaction.query(insert(id));
      const ids: unknown[] = [];
      const trips = await ground.roundTrips(async () => {
        for await (const row of transaction.stream(all())) ids.push(row['BlogId']);
      });
      expect(ids).toEqual(Array.from({ length: 700 }, (_, index) => index + 1));
      expect(trips).toBe(ground.streamRoundTrips);
      for await (const row of transaction.stream(all())) if (row['BlogId'] === 300) break;
      expect((await transaction.query(all())).rowCount).toBe(700);
      await transaction.commit();
    });

    wire('two statements at once on one transaction are refused', async () => {
      const transaction = await connection.begin(ground.entry(1), readCommitted);
      const first = transaction.query(compiled(ground.sleep(20)));
      await expect(transaction.query(all())).rejects.toMatchObject({ code: 'SESSION_MISUSE' });
      await first;
      await transaction.rollback();
    });

    wire('a statement that opens a transaction is an error, and loses nothing that was acknowledged', async () => {
      await expect(connection.execute(ground.entry(1), compiled(ground.begin), options)).rejects.toMatchObject({
        code: 'TRANSACTION_CONTROL',
      });
      // The engine knows what became of the transaction, or serves nobody else by this connection.
      if (connection.usable) expect((await connection.execute(ground.entry(2), all(), options)).rows).toEqual([]);
    });

    wire('an answer lost on the way is COMMIT_UNKNOWN for a write, and nothing worse than unavailable for a read', async () => {
      ground.cutNextAnswer();
      await expect(connection.execute(ground.entry(1), insert(1), options)).rejects.toMatchObject({
        code: 'COMMIT_UNKNOWN',
        outcome: 'unknown',
      });
      expect(connection.usable).toBe(false);
      expect(await ground.countBlogs()).toBe(1);
      const other = await ground.connect();
      ground.cutNextAnswer();
      await expect(other.execute(ground.entry(1), all(), readOnly)).rejects.toMatchObject({
        code: 'SHARD_UNAVAILABLE',
        outcome: 'not-run',
      });
      await expect(other.execute(ground.entry(1), insert(2), options)).rejects.toMatchObject({
        code: 'SHARD_UNAVAILABLE',
        outcome: 'not-run',
      });
      await other.close();
    });

    wire('a lost answer to COMMIT is COMMIT_UNKNOWN', async () => {
      const transaction = await connection.begin(ground.entry(1), readCommitted);
      await transaction.query(insert(1));
      ground.cutNextAnswer();
      await expect(transaction.commit()).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
      expect(await ground.countBlogs()).toBe(1);
    });
  });
  return cases;
}
