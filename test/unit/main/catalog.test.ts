import { expect, it } from 'vitest';
import type { Row, SqlDatabase, SqlSession } from '../../../src/core/session.ts';
import { catalogSchemaFiles } from '../../../src/engine/schema-files.ts';
import { installCatalog } from '../../../src/main/catalog.ts';

const nothing = { hasSchema: false, isCatalog: false, isShard: false };
const here = [{ recorded: 'here', present: 'here' }];

/**
 * A database, empty by default, which then says this of the server that it is on: none where the login may not see it, as on SQL Server
 * alone.
 */
function databaseOn(servers: readonly Row[], state: Row = nothing) {
  const made: string[] = [];
  const asked: string[] = [];
  const answers: Readonly<Record<string, readonly Row[]>> = {
    'catalog/schema-state': [state],
    'catalog/get-server': servers,
  };
  const session = {
    run: async (file: string) => {
      asked.push(file);
      return { rows: answers[file] ?? [], rowCount: 0 };
    },
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
  return { database: { transaction } as SqlDatabase, made: made as readonly string[], asked: asked as readonly string[] };
}

it('makes no catalog where its login may not see which database it is in: nobody could change the shard map', async () => {
  const { database, made } = databaseOn([]);
  await expect(installCatalog(database, 'd1cd2c16', false)).rejects.toMatchObject({
    code: 'INVALID_CONFIGURATION',
    detail: expect.stringContaining('VIEW ANY DATABASE') as string,
  });
  expect(made).toEqual([]);
});

it('makes one where it may', async () => {
  const { database, made, asked } = databaseOn(here);
  expect(await installCatalog(database, 'd1cd2c16', false)).toBe('installed');
  expect(made).toEqual(catalogSchemaFiles);
  expect(asked.at(-1)).toBe('catalog/add-fleet-key');
  // Two who make one at once: the second one waits, and finds it made.
  expect(asked[0]).toBe('catalog/lock-install');
});

it.each([
  ['is a shard', { hasSchema: true, isCatalog: false, isShard: true }, 'is a shard; a shard cannot be the catalog.'],
  ['has a schema of that name, of something else', { ...nothing, hasSchema: true }, 'has a schema tenantry that is no catalog.'],
])('makes none in a database that %s', async (_title, state, why) => {
  const { database, made } = databaseOn(here, state);
  await expect(installCatalog(database, 'd1cd2c16', false)).rejects.toMatchObject({
    code: 'INVALID_CONFIGURATION',
    detail: `The database of catalog.url ${why}`,
  });
  expect(made).toEqual([]);
});

it.each([
  ['in a dry run', nothing, true, 'missing'],
  ['where there is one', { ...nothing, hasSchema: true, isCatalog: true }, false, 'present'],
])('makes none %s', async (_title, state, dryRun, found) => {
  const { database, made } = databaseOn(here, state);
  expect(await installCatalog(database, 'd1cd2c16', dryRun)).toBe(found);
  expect(made).toEqual([]);
});
