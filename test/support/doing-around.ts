import type { Row, SqlDatabase, SqlParameters, SqlSession } from '../../src/core/session.ts';

/** What a test does around the statements of the library, by their files. */
interface Around {
  readonly before?: (file: string) => Promise<unknown>;
  readonly behind?: (file: string) => Promise<unknown>;
}

/** A database whose sessions do something else around statements of the library: what `around` gives is for one session. It is not closed. */
export function doingAround(database: SqlDatabase, around: (session: SqlSession) => Around): SqlDatabase {
  const within = (session: SqlSession): SqlSession => {
    const { before, behind } = around(session);
    return {
      query: (statement) => session.query(statement),
      script: (file) => session.script(file),
      async run<R extends Row>(file: string, parameters?: SqlParameters) {
        await before?.(file);
        const answer = await session.run<R>(file, parameters);
        await behind?.(file);
        return answer;
      },
    };
  };
  return {
    ...within(database),
    transaction: (work) => database.transaction((session) => work(within(session))),
    close: () => Promise.resolve(),
  };
}
