import { describe, expect, test, vi } from 'vitest';
import { sql, sqlText } from '../../../src/core/sql.ts';
import type { ConnectionExpectations } from '../../../src/engine/engine.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { ServerClient } from '../../../src/engine/postgres/server-version.ts';
import { useAppConnection } from '../../support/app-connection.ts';
import { compiled, read } from '../../support/app-shard.ts';
import { shardLogins } from '../../support/postgres-shard.ts';
import type { WireMessage } from '../../support/wire-message.ts';
import { startWireProxy } from '../../support/wire-proxy.ts';

const engine = createPostgresEngine();
const app = useAppConnection();

describe('opening a connection', () => {
  const refused = async (login: { user: string; password: string }, change: Partial<ConnectionExpectations> = {}) =>
    await engine.connect(app.shard.address, login, { ...app.expected, ...change }).then(
      () => 'opened',
      (error: unknown) => String(error),
    );

  test('is refused where the database is another app.shard, another incarnation or none', async () => {
    expect(await refused(shardLogins.app, { shardId: '00000000-0000-4000-8000-00000000000b' })).toContain(
      'and the catalog means 00000000-0000-4000-8000-00000000000b',
    );
    expect(await refused(shardLogins.app, { incarnation: '1/1' })).toContain('restored or replaced');
    await app.server.createDatabase('empty');
    await expect(engine.connect({ ...app.shard.address, database: 'empty' }, shardLogins.app, app.expected)).rejects.toMatchObject({
      code: 'SHARD_UNVERIFIED',
    });
  });

  test('is refused to a superuser, to one who bypasses policies, to an owner, and to a member of another principal', async () => {
    expect(await refused(app.server)).toContain('superuser');
    await app.shard.root.query(sqlText(`create role sneaky login password 'sneaky' bypassrls; grant tenantry_app to sneaky`));
    expect(await refused({ user: 'sneaky', password: 'sneaky' })).toContain('bypasses');
    await app.shard.root.query(sqlText('alter role sneaky nobypassrls; grant tenantry_mover to sneaky'));
    expect(await refused({ user: 'sneaky', password: 'sneaky' })).toContain('tenantry_mover');
    expect(await refused(shardLogins.admin)).toContain('owns');
  });

  test('is refused where a routed table is not protected', async () => {
    await app.shard.root.query(sqlText('alter table "Blogs" no force row level security'));
    expect(await refused(shardLogins.app)).toContain('Blogs: row-level security is not enabled and forced');
    await app.shard.root.query(sqlText('alter table "Blogs" force row level security'));
    expect(await refused(shardLogins.app)).toBe('opened');
  });

  test('asks everything about server, shard and login at once: an answer is awaited by none of the other questions', async () => {
    await using proxy = await startWireProxy(app.server);
    const asked = Promise.withResolvers<void>();
    let questions = 0;
    // Five questions; before each the session is told to mean the server's names, and behind it its own.
    const sent = 5 * 3;
    const isQuestion = ({ side, type }: WireMessage): boolean => side === 'frontend' && (type === 'Q' || type === 'P');
    const counting = {
      when: 'after',
      match: (message: WireMessage) => {
        if (isQuestion(message) && (questions += 1) === sent) asked.resolve();
        return false;
      },
      action: () => undefined,
    } as const;
    void proxy.once(counting);
    const firstAnswer = { when: 'before', match: ({ side, type }: WireMessage) => side === 'backend' && type === 'T' } as const;
    const held = proxy.once({ ...firstAnswer, action: () => asked.promise });
    const opened = await engine.connect({ ...app.shard.address, host: proxy.host, port: proxy.port }, shardLogins.app, app.expected);
    await held;
    expect(questions).toBe(sent);
    expect((await opened.execute(app.entry(1), compiled(sql`select 1 as one`), read)).rows).toEqual([{ one: 1 }]);
    await opened.close();
  });

  test('is given up when asked to', async () => {
    await expect(engine.connect(app.shard.address, shardLogins.app, app.expected, AbortSignal.abort())).rejects.toMatchObject({
      code: 'SHARD_UNAVAILABLE',
    });
  });

  test('is given up in the very turn in which its login ends, and its socket is closed', async () => {
    await using proxy = await startWireProxy(app.server);
    const caller = new AbortController();
    using login = vi.spyOn(ServerClient.prototype as unknown as { connect(): Promise<unknown> }, 'connect');
    login.mockImplementationOnce(async function (this: ServerClient) {
      // The next call is the real one.
      await this.connect();
      caller.abort();
    });
    const address = { ...app.shard.address, host: proxy.host, port: proxy.port };
    await expect(engine.connect(address, shardLogins.app, app.expected, caller.signal)).rejects.toMatchObject({
      code: 'SHARD_UNAVAILABLE',
      detail: 'Connecting was given up.',
      outcome: 'not-run',
    });
    expect(login).toHaveBeenCalledTimes(2);
    await expect.poll(() => proxy.connections).toBe(0);
  });
});
