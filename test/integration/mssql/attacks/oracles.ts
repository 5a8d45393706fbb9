import { TenantryError } from '../../../../src/core/errors.ts';
import { sqlText } from '../../../../src/core/sql.ts';
import { succeeded } from '../../../support/attacks.ts';
import type { Attack } from '../support/attempts.ts';
import type { World } from '../support/world.ts';

/** How the shard answers a statement of tenant 1, which is rolled back either way. */
async function outcome(world: World, text: string): Promise<string> {
  const undone = new Error('Undone.');
  try {
    await world.asTenant(1, async (session) => {
      await session.query(sqlText(text));
      throw undone;
    });
  } catch (error) {
    if (error === undone) return 'accepted';
    if (error instanceof TenantryError) return `${error.code} ${String(error.cause)}`;
    throw error;
  }
  return 'committed';
}

/** Harm is done where the answer to a statement about what tenant 2 has differs from that about what nobody has. */
const differs =
  (statement: (id: number) => string, theirs: number): Attack =>
  async (world) =>
    (await outcome(world, statement(theirs))) === (await outcome(world, statement(999))) ? 'the same' : succeeded;

/** Learning of another tenant's rows by what is refused. */
export const oracles = {
  'a key that another tenant has is refused as taken': differs(
    (post) => `INSERT INTO [dbo].[Posts] ([PostId], [BlogId], [Title]) VALUES (${post}, 1, N'own')`,
    21,
  ),
  'a MERGE tells whether another tenant has a key': differs(
    (
      post,
    ) => `MERGE INTO [dbo].[Posts] AS p USING (VALUES (1, ${post})) AS s ([tenant], [post]) ON p.[TenantId] = s.[tenant] AND p.[PostId] = s.[post]
      WHEN NOT MATCHED THEN INSERT ([TenantId], [PostId], [BlogId], [Title]) VALUES (s.[tenant], s.[post], 1, N'own');`,
    21,
  ),
  'a reference to a row of another tenant is accepted': differs(
    (blog) => `INSERT INTO [dbo].[Posts] ([PostId], [BlogId], [Title]) VALUES (50, ${blog}, N'own')`,
    7,
  ),
  'a row that is only named is counted': differs(
    (blog) => `IF NOT EXISTS (SELECT 1 FROM [dbo].[Blogs] WHERE [TenantId] = 2 AND [BlogId] = ${blog}) THROW 50001, N'none', 1`,
    7,
  ),
};
