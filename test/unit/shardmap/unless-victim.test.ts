import { describe, expect, it } from 'vitest';
import { SqlShardMapStore } from '../../../shardmap/sql-store.ts';
import { unlessVictim } from '../../../shardmap/unless-victim.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import type { SqlDatabase, SqlResult } from '../../../src/core/session.ts';

const victim = new TenantryError('SERIALIZATION_FAILURE', 'given up');

/** Work that fails so often with an error before it is done, and how often it was begun. */
function failing<T>(times: number, error: Error, done: T): { readonly work: () => Promise<T>; readonly begun: () => number } {
  let begun = 0;
  const work = async (): Promise<T> => {
    begun += 1;
    if (begun <= times) throw error;
    return done;
  };
  return { work, begun: () => begun };
}

describe("a deadlock's victim", () => {
  it('is begun again five times', async () => {
    const { work, begun } = failing(5, victim, 'done');
    expect(await unlessVictim(work)).toBe('done');
    expect(begun()).toBe(6);
  });

  it('is told when it is one once more', async () => {
    const { work, begun } = failing(6, victim, 'done');
    await expect(unlessVictim(work)).rejects.toBe(victim);
    expect(begun()).toBe(6);
  });

  it.each([
    ['may have been done', new TenantryError('SERIALIZATION_FAILURE', 'lost', { outcome: 'unknown' })],
    ['failed in another way, also one that may be tried again', new TenantryError('SHARD_UNAVAILABLE', 'away')],
    ['failed by a mistake of the program', new Error('mistake')],
  ])('is none where the work %s: it is begun once', async (_title, error) => {
    const { work, begun } = failing(1, error, 'done');
    await expect(unlessVictim(work)).rejects.toBe(error);
    expect(begun()).toBe(1);
  });

  it('of the catalog is begun again, one statement or a whole change', async () => {
    const read = failing<SqlResult>(1, victim, { rows: [{ mapId: 1 }], rowCount: 1 });
    const changed = failing<SqlResult>(1, victim, { rows: [], rowCount: 1 });
    let transactions = 0;
    const transaction = async (work: (session: unknown) => Promise<unknown>): Promise<unknown> => {
      transactions += 1;
      return await work({ run: changed.work });
    };
    const store = new SqlShardMapStore({ run: read.work, transaction } as unknown as SqlDatabase);
    expect(await store.getMap(1)).toMatchObject({ mapId: 1 });
    expect(read.begun()).toBe(2);
    expect(await store.change((catalog) => catalog.deleteMapping(1, 'an operation'))).toBe(true);
    // Of a transaction that the server has rolled back no statement is sent again by itself.
    expect([changed.begun(), transactions]).toEqual([2, 2]);
  });
});
