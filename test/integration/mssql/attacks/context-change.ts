import type { SqlSession } from '../../../../src/core/session.ts';
import { thenRead, type Attack } from '../support/attempts.ts';
import { enter, enterText, entryOf } from '../support/entries.ts';
import { rowsOf } from '../support/world.ts';

const run = (text: string): Attack => thenRead((session) => rowsOf(session, text));
const noToken = { token: new Uint8Array(16) };

/** A connection that nobody has entered on, so that no read-only key stands in the way. */
const fresh =
  (deed: (session: SqlSession) => Promise<unknown>): Attack =>
  (world) =>
    world.app().transaction(async (session) => {
      await deed(session);
      return await rowsOf(session, 'SELECT * FROM [dbo].[Blogs]');
    });

/** Changing the context of one's own transaction, or making one without the right. */
export const contextChange = {
  // "sp_set_session_context": a key that was set with @read_only = 1 cannot be set again on the connection (15664).
  'by sp_set_session_context': run("EXEC sys.sp_set_session_context N'tenantry.tenant', 2"),
  'by sp_set_session_context, to nothing at all and then another': run(
    "EXEC sys.sp_set_session_context N'tenantry.tenant', NULL; EXEC sys.sp_set_session_context N'tenantry.tenant', 2",
  ),
  'by sp_set_session_context in dynamic SQL': run("EXEC (N'EXEC sys.sp_set_session_context N''tenantry.tenant'', 2')"),
  'by the routine that sets it': run('EXEC [tenantry].[set_context] 2'),
  'by entering another mapping without its token': fresh((session) => enter(session, 2, noToken)),
  'by entering another mapping with its own token': fresh((session) => enter(session, 2, { token: entryOf(1).token })),
  'by entering another mapping with no token at all': fresh((session) => rowsOf(session, 'EXEC [tenantry].[enter] 2, 0x80000002, 5, NULL')),
  'by entering its own mapping with another key': fresh((session) => enter(session, 1, { key: entryOf(2).key })),
  'by entering another mapping, with its right token, after its own': run(enterText(2)),
  'by reading the tokens of the local shard map': fresh(async (session) => {
    const rows = await rowsOf(session, 'SELECT [token] FROM [tenantry].[local_mapping] WHERE [mapping_id] = 2');
    for (const { token } of rows) await enter(session, 2, { token: token as Uint8Array });
  }),
};
