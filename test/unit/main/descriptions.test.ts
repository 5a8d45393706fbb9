import { describe, expect, it } from 'vitest';
import { TenantryError, type ErrorCode } from '../../../src/core/errors.ts';
import type { TableDescriptions } from '../../../src/http/tables/table-catalog.ts';
import { describeByShards } from '../../../src/main/descriptions.ts';

const shard = (engine: string, name: string) => ({ name, address: { engine } });
const [p1, p2, m1, m2] = [shard('one', 'p1'), shard('one', 'p2'), shard('other', 'm1'), shard('other', 'm2')];

/** Who was asked, and what came of it, where some shards are away. */
async function ask(shards: readonly (typeof p1)[], away: readonly string[], code: ErrorCode = 'SHARD_UNAVAILABLE') {
  const asked: string[] = [];
  const {
    heard,
    unheard,
    away: why,
  } = await describeByShards(shards, ({ name }) => {
    asked.push(name);
    if (away.includes(name)) return Promise.reject(new TenantryError(code, name));
    return Promise.resolve([{ name }] as unknown as TableDescriptions);
  });
  return { asked, heard: heard.flat().map(({ name }) => name), unheard, why: why?.detail };
}

describe('who describes the tables', () => {
  it('is the first shard, and the first of every other engine', async () => {
    expect(await ask([p1, m1, p2, m2], [])).toEqual({ asked: ['p1', 'm1'], heard: ['p1', 'm1'], unheard: [], why: undefined });
  });

  it('is whoever answers, as long as nobody has', async () => {
    expect(await ask([p1, p2, m1], ['p1'])).toEqual({ asked: ['p1', 'p2', 'm1'], heard: ['p2', 'm1'], unheard: [], why: 'p1' });
    expect(await ask([p1, p2], ['p1', 'p2'])).toEqual({ asked: ['p1', 'p2'], heard: [], unheard: ['one'], why: 'p2' });
  });

  it.each(['OVERLOADED', 'TIMEOUT'] as const)('is another one where a shard has no answer just now: %s', async (code) => {
    expect(await ask([p1, p2], ['p1'], code)).toEqual({ asked: ['p1', 'p2'], heard: ['p2'], unheard: [], why: 'p1' });
  });

  it('is one of another engine or nobody, once a shard has described them', async () => {
    expect(await ask([p1, m1, m2], ['m1'])).toEqual({ asked: ['p1', 'm1'], heard: ['p1'], unheard: ['other'], why: 'm1' });
  });

  it('is nobody where one says that it cannot', async () => {
    const refused = describeByShards([p1, p2], () => Promise.reject(new TenantryError('FORBIDDEN')));
    await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
