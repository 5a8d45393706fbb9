import { sql } from '../../../../src/core/sql.ts';
import { enter } from '../support/entries.ts';
import { rowsOf, type World } from '../support/world.ts';

/** Without a tenant. */
export const noContext = {
  'reading without a tenant': (world: World) => rowsOf(world.app(), 'SELECT * FROM [dbo].[Blogs]'),

  'reading after the transaction of a tenant has ended': async (world: World) => {
    const app = world.app();
    await app.transaction((session) => enter(session, 2));
    return await rowsOf(app, 'SELECT * FROM [dbo].[Blogs]');
  },

  // "Row-Level Security": AFTER INSERT predicates refuse a row that is not the tenant's (33504); without a tenant no row is.
  'inserting without a tenant': (world: World) =>
    world.app().query(sql`INSERT INTO [dbo].[Blogs] ([TenantId], [BlogId], [Name]) VALUES (2, 100, N'forged')`),

  'inserting without a tenant, the tenant column left to its default': (world: World) =>
    world.app().query(sql`INSERT INTO [dbo].[Blogs] ([BlogId], [Name]) VALUES (100, N'forged tenant-2')`),
};
