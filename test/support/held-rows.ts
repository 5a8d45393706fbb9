import type pg from 'pg';

/** Rows that a session has locked, so that statements which would change them wait. */
export interface HeldRows {
  /** How many sessions of the server wait for a lock. */
  waiting(): Promise<number>;
  release(): Promise<void>;
}

/** Locks the rows of a `select … for update` in a transaction of the client, until they are released. */
export async function holdRows(client: pg.Client, selectForUpdate: string): Promise<HeldRows> {
  await client.query('begin');
  const { rowCount } = await client.query(selectForUpdate);
  if (rowCount === 0) throw new Error('There are no rows to hold: nothing would wait for them.');
  return {
    // Not from pg_stat_activity, which shows one and the same state to the end of a transaction.
    waiting: async () => {
      const { rows } = await client.query<{ count: number }>('select count(distinct pid)::int as count from pg_locks where not granted');
      return rows[0]?.count ?? 0;
    },
    release: async () => void (await client.query('rollback')),
  };
}
