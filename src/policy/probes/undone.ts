import type { SqlDatabase, SqlSession } from '../../core/session.ts';

/** Does work in a transaction that is rolled back, whatever happens, and gives what it came to. */
export async function undone<T>(database: SqlDatabase, work: (session: SqlSession) => Promise<T>): Promise<T> {
  let carried: Carried<T> | undefined;
  try {
    return await database.transaction<T>(async (session) => {
      carried = new Carried(await work(session));
      throw carried;
    });
  } catch (error) {
    if (carried === undefined || error !== carried) throw error;
    return carried.result;
  }
}

class Carried<T> extends Error {
  readonly result: T;

  constructor(result: T) {
    super('A transaction is undone.');
    this.result = result;
  }
}
