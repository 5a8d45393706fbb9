import { sql, type Sql } from '../../../../src/core/sql.ts';
import { about, type World } from './world.ts';

/** Rows that tenant 1 and tenant 2 have besides, so that reading a tenant and reading a row are far apart. */
export const manyRows = `
WITH digit AS (SELECT d.[n] FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d ([n]))
INSERT INTO [dbo].[Blogs] ([TenantId], [BlogId], [Name])
SELECT t.[id], 1000 + a.[n] * 10000 + b.[n] * 1000 + c.[n] * 100 + d.[n] * 10 + e.[n], REPLICATE(N'x', 100)
FROM (VALUES (1), (2)) AS t ([id]), digit AS a, digit AS b, digit AS c, digit AS d, digit AS e
WHERE a.[n] < 3;
UPDATE STATISTICS [dbo].[Blogs] WITH FULLSCAN;
`;

/** A statement of the data API's that also answers with its plan, as the last result. */
export const explained = (statement: Sql): Sql => sql`SET STATISTICS XML ON;
${statement};`;

/** How a statement went over a table, as the server tells it. */
export interface Plan {
  /** Columns that are sought by equality, for each seek, in the order of the index. */
  readonly sought: readonly (readonly string[])[];
  readonly operators: readonly string[];
  /** Pages of tables that were looked at. */
  readonly logicalReads: number;
}

/** The plan of a statement of tenant 1, which is carried out. */
export async function planOf(world: World, statement: Sql): Promise<Plan> {
  await world.root.query(about(world.users.app, 'GRANT SHOWPLAN TO'));
  const [row] = await world.asTenant(1, async (session) => (await session.query(explained(statement))).rows);
  return readPlan(String(Object.values<unknown>(row ?? {})[0]));
}

/** Reads a plan of the form showplan 1.x, with what happened when it ran. */
export function readPlan(xml: string): Plan {
  const attributes = (text: string, name: string): string[] =>
    [...text.matchAll(new RegExp(`\\b${name}="([^"]*)"`, 'g'))].map(([, value = '']) => value);
  const seeks = [...xml.matchAll(/<SeekPredicateNew>(.*?)<\/SeekPredicateNew>/gs)].map(([, text = '']) => text);
  return {
    sought: seeks.map((seek) => {
      const prefix = /<Prefix ScanType="EQ">(.*?)<\/Prefix>/s.exec(seek)?.[1] ?? '';
      return attributes(/<RangeColumns>(.*?)<\/RangeColumns>/s.exec(prefix)?.[1] ?? '', 'Column');
    }),
    operators: attributes(xml, 'PhysicalOp'),
    logicalReads: attributes(xml, 'ActualLogicalReads').reduce((sum, value) => sum + Number(value), 0),
  };
}
