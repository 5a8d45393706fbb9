import { describe, expect, it } from 'vitest';
import { sql } from '../../../../src/core/sql.ts';
import type { SqlParameters } from '../../../../src/core/session.ts';
import { createPostgresEngine } from '../../../../src/engine/postgres/postgres-engine.ts';
import { compiled, entryOf, read } from '../../../support/app-shard.ts';
import { refusing, type GatedShard } from '../../../support/gated-shard.ts';
import { shardLogins } from '../../../support/postgres-shard.ts';

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

/** Names of the default schema that are also the server’s. */
export function testDefaultSchema(shard: GatedShard): void {
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
      ['policy/group-members', { logins: '[]' }],
      ['policy/problems', { tables, keyType: 'int' }],
      ['policy/immutable-functions', { tables, procedures }],
      ['policy/procedures', { procedures }],
      ['policy/live-procedures', { procedures }],
      ['engine/inspect'],
      ['engine/incarnation'],
      ['engine/server'],
    ];

    it('are called by no question that decides whether a shard is believed: not of a connection, a look, policy apply', async () => {
      await shard.change(overloads);
      await expect(shard.admin.query(sql`select concat_ws(' '::text, 'a'::text, 'b'::text, 'c'::text)`)).rejects.toMatchObject({
        code: 'STATEMENT_FAILED',
      });
      const eye = createPostgresEngine().open(shard.address, shardLogins.app, { connections: 1 });
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
      await shard.acceptWhatIsThere();
      await expect(shard.connect()).resolves.toBeDefined();
    });

    it('hide no view of all tenants from whoever opens a connection, where no event trigger tells', async () => {
      await shard.change(
        'alter event trigger tenantry_changed disable; alter event trigger tenantry_dropped disable; alter event trigger tenantry_made disable',
      );
      await shard.acceptWhatIsThere();
      await shard.change(
        'create table public.known as select kind, object, digest from tenantry_watch.fingerprint_items(); grant select on public.known to tenantry_app',
      );
      await shard.change(`create function public.concat_ws(text, text, text, text) returns text language sql stable
        return (select pg_catalog.concat_ws($1, $2, $3, k.digest) from public.known k where k.kind = $2 and k.object = $3)`);
      await shard.change('create view public.leak as select * from public."Blogs"; grant select on public.leak to tenantry_app');
      await expect(shard.connect()).rejects.toMatchObject(refusing('leak (added)'));
    });

    it('are what a statement of somebody else means, before a question and behind it', async () => {
      await shard.change("create function public.concat_ws(text, text) returns text language sql return 'ours'");
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
      await shard.acceptWhatIsThere();
      const app = await shard.connect();
      expect((await app.execute(entryOf(1), compiled(meant), read)).rows).toEqual(ours);
    });
  });
}
