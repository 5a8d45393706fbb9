import { expect, it } from 'vitest';
import type { Row, SqlDatabase, SqlSession } from '../../../src/core/session.ts';
import { catalogSchemaFiles } from '../../../src/engine/schema-files.ts';
import { installCatalog } from '../../../src/main/catalog.ts';

/** An empty database, which then says this of the server that it is on: none where the login may not see it, as on SQL Server alone. */
function emptyDatabase(servers: readonly Row[]): { readonly database: SqlDatabase; readonly made: readonly string[] } {
  const made: string[] = [];
  const answers: Readonly<Record<string, readonly Row[]>> = {
    'catalog/schema-state': [{ hasSchema: false, isCatalog: false, isShard: false }],
    'catalog/get-server': servers,
  };
  const session = {
    run: async (file: string) => ({ rows: answers[file] ?? [], rowCount: 0 }),
    script: async (file: string) => void made.push(file),
  };
  const transaction = async <T>(work: (session: SqlSession) => Promise<T>): Promise<T> => {
    const before = made.length;
    try {
      return await work(session as unknown as SqlSession);
    } catch (error) {
      made.splice(before);
      throw error;
    }
  };
  return { database: { transaction } as SqlDatabase, made };
}

it('makes no catalog where its login may not see which database it is in: nobody could change the shard map', async () => {
  const { database, made } = emptyDatabase([]);
  await expect(installCatalog(database, false)).rejects.toMatchObject({
    code: 'INVALID_CONFIGURATION',
    detail: expect.stringContaining('VIEW ANY DATABASE') as string,
  });
  expect(made).toEqual([]);
});

it('makes one where it may', async () => {
  const { database, made } = emptyDatabase([{ recorded: 'here', present: 'here' }]);
  expect(await installCatalog(database, false)).toBe('installed');
  expect(made).toEqual(catalogSchemaFiles);
});
