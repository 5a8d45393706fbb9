import type { SqlSession } from '../../../../src/core/session.ts';
import { sqlText } from '../../../../src/core/sql.ts';
import type { Attack } from '../support/attempts.ts';
import { enterText } from '../support/entries.ts';
import type { CallOptions } from '../support/traffic.ts';
import { rowsOf } from '../support/world.ts';

const ann = '{"userId":"ann"}';
const boss = '{"userId":"the secret boss"}';
const whoAmI = "SELECT v.[value] FROM [tenantry].[context_value](N'userId') AS v";
const forge = `EXEC sys.sp_set_session_context N'tenantry.values', N'${boss}'`;

/** What tenant 1 is taken for once it has carried out a deed on a connection that this entry, or none, has used. */
const become =
  (entry: string | undefined, deed: string): Attack =>
  (world) =>
    world.app().transaction(async (session: SqlSession) => {
      if (entry !== undefined) await session.query(sqlText(entry));
      await session.query(sqlText(deed));
      return await rowsOf(session, whoAmI);
    });
const asAnn = enterText(1, {}, ann);

/** Changing what one's own call has brought besides its tenant. */
export const contextValues = {
  'by sp_set_session_context': become(asAnn, forge),
  'by sp_set_session_context, to nothing at all and then another': become(
    asAnn,
    `EXEC sys.sp_set_session_context N'tenantry.values', NULL; ${forge}`,
  ),
  // A key that was never set could be set by whoever comes first.
  'by sp_set_session_context, where the call brought none': become(enterText(1), forge),
  'by the routine that sets it': become(asAnn, `EXEC [tenantry].[set_context] 1, N'${boss}'`),
  'by entering again, with its right token': become(asAnn, enterText(1, {}, boss)),
  'by entering without its token': become(undefined, enterText(1, { token: new Uint8Array(16) }, boss)),
};

/** The boss and another caller of the tenant, one after the other on one connection. */
const thenAnother =
  (text: string, options: CallOptions): Attack =>
  async (world) => {
    const traffic = await world.traffic();
    await traffic.query(1, text, { contextValues: boss }).catch(() => undefined);
    return await traffic.query(1, whoAmI, options);
  };

/** What a call has brought, after its end. */
export const contextValuesLeft = {
  'for a caller who brings nothing': thenAnother(whoAmI, {}),
  'for a caller who brings nothing, after an error': thenAnother('SELECT 1 / 0 AS [nothing]', {}),
};
