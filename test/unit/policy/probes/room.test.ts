import { expect, test } from 'vitest';
import { sentinelKeys } from '../../../../shardmap/key.ts';
import { compileSql } from '../../../../src/core/compile-sql.ts';
import { TenantryError } from '../../../../src/core/errors.ts';
import type { Sql } from '../../../../src/core/sql.ts';
import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { mssqlSamples } from '../../../../src/engine/mssql/sample-words.ts';
import type { AttemptOutcome } from '../../../../src/engine/rehearsal.ts';
import { roomFor } from '../../../../src/policy/probes/room.ts';
import { SampleRows } from '../../../../src/policy/probes/sample-rows.ts';
import type { Stage } from '../../../../src/policy/probes/rehearse.ts';

const done: AttemptOutcome = { outcome: 'done', rowCount: 1 };
const byKey: AttemptOutcome = { outcome: 'refused', error: new TenantryError('CONFLICT') };
const kept: AttemptOutcome = { outcome: 'refused', error: new TenantryError('CONSTRAINT_VIOLATION') };

const id = { name: 'TenantId', type: 'int', base: 'int', needed: true, key: true, required: true, identity: false, generated: false };
const configured = ['Posts', 'Tenants'].map((table) => ({ schema: 'dbo', table, tenantColumn: 'TenantId' }));
const tenants = { schema: 'dbo', table: 'Tenants', columns: [id], references: [], primaryKey: ['TenantId'] };
const reference = { schema: 'dbo', table: 'Tenants', columns: [{ child: 'TenantId', parent: 'TenantId' }] };
const posts = { ...tenants, table: 'Posts', references: [reference] };

/** What SQL Server is told to do before a row of each tenant, where inserts beside a row end so, and the first with room made for it so. */
async function toldBefore(beside: readonly AttemptOutcome[], withRoom: AttemptOutcome): Promise<unknown> {
  const [a, b] = sentinelKeys('int');
  const alone: string[] = [];
  const text = (statement: Sql): string => compileSql(statement, mssqlDialect).text;
  const stage = {
    tenants: { a, b },
    samples: mssqlSamples,
    session: { run: async () => ({ rows: [posts, tenants], rowCount: 2 }) },
    attemptAll: async () => beside,
    attempt: async (_: unknown, statement: Sql) => {
      alone.push(text(statement));
      return withRoom;
    },
  } as unknown as Stage;
  const samples = await SampleRows.of(stage, configured);
  const rows = {
    a: await samples.compose('dbo.Tenants', { tenant: a, number: 3 }),
    b: await samples.compose('dbo.Tenants', { tenant: b, number: 2 }),
  };
  const room = await roomFor(stage, samples, rows);
  return { alone, a: room.a.before && text(room.a.before), b: room.b.before && text(room.b.before) };
}

const taken =
  "delete from [dbo].[Posts] where [TenantId] = CAST(N'2147480001' AS int); delete from [dbo].[Tenants] where [TenantId] = CAST(N'2147480001' AS int)";
const insert = "INSERT INTO [dbo].[Tenants] ([TenantId]) VALUES (CAST(N'2147480001' AS int));";

test('nothing is taken away where a row stands beside the other', async () => {
  expect(await toldBefore([done, done], done)).toEqual({ alone: [], a: undefined, b: undefined });
  expect(await toldBefore([kept, kept], done)).toEqual({ alone: [], a: undefined, b: undefined });
});

test('where a key admits one row, that one is taken away, and what refers to it before it', async () => {
  expect(await toldBefore([byKey, done], done)).toEqual({ alone: [`${taken}; ${insert}`], a: taken, b: undefined });
});

test('where that makes no room either, it is not taken away', async () => {
  expect(await toldBefore([byKey, done], kept)).toMatchObject({ alone: [`${taken}; ${insert}`], a: undefined, b: undefined });
});
