import { expect } from 'vitest';
import { sql } from '../../../../src/core/sql.ts';
import { eventually } from '../../../support/eventually.ts';
import type { World } from './world.ts';

/** Resolves once a session's statement has come to its WAITFOR. */
export async function waitUntilItWaits({ root }: World, session: number): Promise<void> {
  await eventually(async () => {
    const { rows } = await root.query(
      sql`SELECT r.[wait_type] FROM sys.dm_exec_requests AS r WHERE r.[session_id] = ${session} AND r.[wait_type] = N'WAITFOR'`,
    );
    expect(rows).toHaveLength(1);
  });
}

/** The number of the session that a row of `SELECT @@SPID AS [session]` tells. */
export function sessionOf(rows: readonly Record<string, unknown>[]): number {
  return Number(rows[0]?.['session']);
}
