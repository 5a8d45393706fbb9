import type { SqlSession } from '../../../../src/core/session.ts';
import { sqlText, type Sql } from '../../../../src/core/sql.ts';
import { succeeded, type AttackOn, type DefenceOn } from '../../../support/attacks.ts';
import { rowsOf, type World } from './world.ts';

/** An attack on a shard of SQL Server. */
export type Attack = AttackOn<World>;

/** How the defence against one is switched off. */
export type Defence = DefenceOn<World>;

/** What a statement of tenant 1 shows. */
export const show =
  (text: string): Attack =>
  (world) =>
    world.asTenant(1, (session) => rowsOf(session, text));

/** A statement of tenant 1 whose success is the harm, whatever it says. */
export const obtain =
  (text: string): Attack =>
  (world) =>
    world.asTenant(1, async (session) => {
      await session.query(sqlText(text));
      return succeeded;
    });

/** What tenant 1 sees of all blogs once it has carried out a deed. */
export const thenRead =
  (deed: (session: SqlSession, world: World) => Promise<unknown>): Attack =>
  (world) =>
    world.asTenant(1, async (session) => {
      await deed(session, world);
      return await rowsOf(session, 'SELECT * FROM [dbo].[Blogs]');
    });

/** The same for statements, in their order. */
export const attempt = (...statements: readonly ((world: World) => Sql)[]): Attack =>
  thenRead(async (session, world) => {
    for (const statement of statements) await session.query(statement(world));
  });

/** A statement that is the same in every world. */
export const text =
  (statement: string): ((world: World) => Sql) =>
  () =>
    sqlText(statement);
