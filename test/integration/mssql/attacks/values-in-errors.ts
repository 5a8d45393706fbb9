import { inspect } from 'node:util';
import type { Attack } from '../support/attempts.ts';

/** All that a log could show of the error by which a request of tenant 2 fails. */
const failing =
  (text: string): Attack =>
  async (world) => {
    const traffic = await world.traffic();
    try {
      await traffic.query(2, text);
    } catch (error) {
      return inspect(error, { depth: 10, showHidden: true });
    }
    throw new Error('The request did not fail.');
  };

/** Values of a tenant in the errors of its requests; the server's messages quote them ("Database Engine events and errors"). */
export const valuesInErrors = {
  'a value of the wrong form': failing("SELECT CAST([Name] AS int) AS [number] FROM [dbo].[Blogs] WHERE [Name] LIKE N'tenant%'"),
  'a value that is too long': failing(
    "INSERT INTO [dbo].[Blogs] ([BlogId], [Name]) VALUES (300, N'tenant-2' + REPLICATE(CAST(N'x' AS nvarchar(max)), 300))",
  ),
  'a key that is taken': failing(`
    DECLARE @mine TABLE ([key] nvarchar(50) NOT NULL PRIMARY KEY);
    INSERT INTO @mine ([key]) VALUES (N'tenant-2 key'), (N'tenant-2 key')`),
  'what the statement throws': failing("THROW 50001, N'tenant-2 said so', 1"),
  'what the statement raises': failing("RAISERROR (N'tenant-2 said so', 16, 1)"),
  'a name that is not there': failing('SELECT 1 AS [one] FROM [dbo].[tenant-2]'),
};
