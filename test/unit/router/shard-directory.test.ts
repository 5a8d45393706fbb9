import { describe, expect, it } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { ShardDirectory } from '../../../src/router/shard-directory.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const shard = (port: number): Shard => ({
  shardId: 's',
  mapId: 1,
  name: 'a',
  address: { engine: 'postgres', host: '127.0.0.1', port, database: 'a', tls: 'disable' },
  incarnation: 'i',
  state: 'ONLINE',
});

class Catalog {
  readonly clock = new FakeClock();
  asked = 0;
  answer: () => Promise<Shard | undefined> = async () => shard(1);
  readonly directory = new ShardDirectory(() => {
    this.asked += 1;
    return this.answer();
  }, this.clock);
}

describe('the directory of shards', () => {
  it('asks the catalog once for all who ask at the same time, and not again for a while', async () => {
    const catalog = new Catalog();
    await Promise.all([catalog.directory.find('s'), catalog.directory.find('s')]);
    catalog.clock.advance(29_999);
    await catalog.directory.find('s');
    expect(catalog.asked).toBe(1);
    catalog.clock.advance(1);
    catalog.answer = async () => shard(2);
    expect((await catalog.directory.find('s')).address.port).toBe(2);
  });

  it('asks again about a shard in doubt, and goes by what it knew while the catalog is away or slow', async () => {
    const catalog = new Catalog();
    await catalog.directory.find('s');
    catalog.directory.doubt('s');
    catalog.answer = async () => {
      throw new TenantryError('CATALOG_UNAVAILABLE');
    };
    expect(await catalog.directory.find('s')).toEqual(shard(1));
    catalog.answer = () => new Promise(() => {});
    const slow = catalog.directory.find('s');
    catalog.clock.advance(500);
    expect(await slow).toEqual(shard(1));
    expect(catalog.asked).toBe(3);
  });

  it('knows nothing of a shard that it never saw, or that the catalog no longer has', async () => {
    const catalog = new Catalog();
    catalog.answer = async () => {
      throw new TenantryError('CATALOG_UNAVAILABLE');
    };
    await expect(catalog.directory.find('s')).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
    catalog.answer = async () => undefined;
    await expect(catalog.directory.find('s')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('forgets a shard that the catalog no longer has, and does not bring it back while the catalog is away', async () => {
    const catalog = new Catalog();
    await catalog.directory.find('s');
    catalog.directory.doubt('s');
    catalog.answer = async () => undefined;
    await expect(catalog.directory.find('s')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    catalog.answer = async () => {
      throw new TenantryError('CATALOG_UNAVAILABLE');
    };
    await expect(catalog.directory.find('s')).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
  });
});
