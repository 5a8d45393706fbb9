import pg from 'pg';

/** One statement over a bare driver; the error's message where it is refused. */
export async function bareQuery(url: string, text: string): Promise<Record<string, unknown>[] | string> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.message;
    throw error;
  } finally {
    await client.end();
  }
}
