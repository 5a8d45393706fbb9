import { TenantryError } from '../../../../src/core/errors.ts';
import { sqlText } from '../../../../src/core/sql.ts';
import { SqlFailure } from '../../../../src/engine/sql-failure.ts';
import { succeeded } from '../../../support/attacks.ts';
import { obtain, type Attack } from '../support/attempts.ts';
import { enter, enterText } from '../support/entries.ts';
import { sessionOf, waitUntilItWaits } from '../support/waiting.ts';
import { rowsOf, type World } from '../support/world.ts';

/** Tenant 1 keeps a transaction open after its deed; harm is done where tenant 2 then cannot enter. */
const hold =
  (text: string): Attack =>
  (world) =>
    world.asTenant(1, async (session) => {
      await session.query(sqlText(text));
      return (await canEnter(world)) ? 'tenant 2 entered' : succeeded;
    });

async function canEnter(world: World): Promise<boolean> {
  try {
    await world.app().transaction((session) => enter(session, 2));
    return true;
  } catch (error) {
    // 51003: the fence of the mapping, or its state, is held by somebody.
    if (error instanceof TenantryError && error.cause instanceof SqlFailure && error.cause.number === 51_003) return false;
    throw error;
  }
}

/** Standing in another tenant's way. */
export const locks = {
  'holding the row of locks of another mapping': hold(
    'SELECT [mapping_id] FROM [tenantry].[mapping_fence] WITH (XLOCK, ROWLOCK, HOLDLOCK) WHERE [mapping_id] = 2',
  ),
  'changing the state of another mapping': hold("UPDATE [tenantry].[local_mapping] SET [state] = N'DRAINING' WHERE [mapping_id] = 2"),
  // "sp_getapplock": whoever is no member of @DbPrincipal cannot take the lock.
  'taking the lock of policy changes': obtain(`
    DECLARE @granted int;
    EXEC @granted = sys.sp_getapplock @Resource = N'tenantry policies', @LockMode = N'Exclusive', @LockOwner = N'Transaction',
      @LockTimeout = 0, @DbPrincipal = N'tenantry_admin';
    IF @granted IS NULL OR @granted < 0 THROW 50001, N'not granted', 1`),
  'keeping a fence out by entering another mapping without its token': async (world: World) => {
    const app = world.app();
    let got = 'nothing';
    await app
      .transaction(async (session) => {
        const id = sessionOf(await rowsOf(session, 'SELECT @@SPID AS [session]'));
        const token = new Uint8Array(16);
        // Until its message ends, a transaction that can only be rolled back keeps its locks.
        const holding = rowsOf(
          session,
          `BEGIN TRY ${enterText(2, { token })} END TRY BEGIN CATCH PRINT N'caught'; END CATCH; WAITFOR DELAY '00:00:03'`,
        );
        await waitUntilItWaits(world, id);
        const fence = await world.admin.transaction((own) => own.run<{ taken: boolean }>('local-map/try-lock', { mappingId: 2 }));
        got = fence.rows[0]?.taken === true ? 'the fence got in' : 'nothing';
        await holding;
      })
      .catch(refused);
    return got === 'the fence got in' ? got : succeeded;
  },
  // "KILL": ALTER ANY CONNECTION.
  'ending another tenant’s session': (world: World) =>
    world.asTenant(2, async (neighbour) => {
      const id = sessionOf(await rowsOf(neighbour, 'SELECT @@SPID AS [session]'));
      await rowsOf(world.app(), `KILL ${id}`);
      return succeeded;
    }),
};

/** How the attacker's own transaction ends is not what is looked at. */
function refused(error: unknown): void {
  if (!(error instanceof TenantryError)) throw error;
}
