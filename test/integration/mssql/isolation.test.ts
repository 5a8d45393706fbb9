import { TenantryError } from '../../../src/core/errors.ts';
import { sql } from '../../../src/core/sql.ts';
import { SqlFailure } from '../../../src/engine/sql-failure.ts';
import { EntryRefused } from '../../../src/engine/entry.ts';
import { describeAttacksOn, type AttackGround } from '../../support/attacks.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { catalogue } from './attacks/catalogue.ts';
import { defences } from './defences.ts';
import { createWorld, type World } from './support/world.ts';

const ground: AttackGround<World> = {
  start: () => Promise.resolve({ createWorld, stop: () => Promise.resolve() }),
  possessions: async ({ admin }) => {
    const statement = sql`
      SELECT b.[TenantId], b.[BlogId], NULL AS [PostId], b.[Name] FROM [dbo].[Blogs] AS b WHERE b.[TenantId] = 2 OR b.[Name] LIKE N'%tenant-2%'
      UNION ALL
      SELECT p.[TenantId], p.[BlogId], p.[PostId], p.[Title] FROM [dbo].[Posts] AS p WHERE p.[TenantId] = 2 OR p.[Title] LIKE N'%tenant-2%'
      ORDER BY [TenantId], [BlogId], [PostId], [Name]`;
    return await admin.query(statement).then(({ rows }) => JSON.stringify(rows), tableGone);
  },
  refusal: (error) => {
    if (error instanceof TenantryError) return { code: error.code, message: error.message, cause: String(error.cause) };
    if (error instanceof EntryRefused) return { refusal: error.refusal };
    // What the driver itself says, of a bulk load.
    if (error instanceof Error && error.name === 'RequestError') return { message: error.message };
    throw error;
  },
};

/** 208: no such object. */
function tableGone(error: unknown): string {
  if (error instanceof TenantryError && error.cause instanceof SqlFailure && error.cause.number === 208) return 'a table is gone';
  throw error;
}

describeNeeding('mssql', 'The isolation of tenants on SQL Server', () => {
  for (const [group, attacks] of Object.entries(catalogue)) {
    describeAttacksOn(ground, group, attacks, defences[group as keyof typeof defences]);
  }
});
