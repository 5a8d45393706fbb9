import pg from 'pg';

/** Statements over a bare driver, and the rows of the last; the error's message where they are refused. */
export async function bareQuery(url: string, text: string): Promise<Record<string, unknown>[] | string> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const answer = (await client.query(text)) as pg.QueryResult<Record<string, unknown>> | pg.QueryResult<Record<string, unknown>>[];
    return (Array.isArray(answer) ? answer.at(-1) : answer)?.rows ?? [];
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.message;
    throw error;
  } finally {
    await client.end();
  }
}
