import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { Output } from '../../../src/cli/output.ts';
import { listPlacements } from '../../../shardmap/manager/placement.ts';
import { tenantKey } from '../../../shardmap/key.ts';
import type { Mapping } from '../../../shardmap/mapping.ts';
import type { CatalogReader } from '../../../shardmap/store.ts';
import { itemsOf } from '../../support/command-line.ts';

const map = { mapId: 1, name: 'customers', kind: 'list', keyType: 'int', context: 'TenantId', version: 1 } as const;
const columns = ['tenant', 'shard'];

/** Keeps what was written, and takes its time. */
class SlowReader extends Writable {
  text = '';

  constructor() {
    super({ highWaterMark: 1_024 });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    setImmediate(done);
  }
}

/** A catalog of so many tenants; what had been written is noted at each page that is read. */
function catalog(tenants: number, out: SlowReader): { readonly placements: AsyncIterable<object>; readonly writtenAtPage: number[] } {
  const writtenAtPage: number[] = [];
  const mappingOf = (id: number): Mapping => ({
    mappingId: id,
    mapId: 1,
    kind: 'point',
    low: tenantKey('int', id).bytes,
    shardId: 's',
    state: 'ONLINE',
    epoch: 1,
  });
  const store: Pick<CatalogReader, 'listShards' | 'getShard' | 'listMappings'> = {
    listShards: () => Promise.resolve([]),
    getShard: () => Promise.resolve(undefined),
    listMappings: (_mapId, { afterLow, limit }) => {
      writtenAtPage.push(out.text.match(/"tenant"/g)?.length ?? 0);
      const after = afterLow === undefined ? 0 : Buffer.from(afterLow).readInt32BE() ^ 0x80000000;
      return Promise.resolve(Array.from({ length: Math.min(limit, tenants - after) }, (_, index) => mappingOf(after + index + 1)));
    },
  };
  return { placements: listPlacements(store, map), writtenAtPage };
}

async function listed(tenants: number, json: boolean, styled = false): Promise<{ text: string; err: string; writtenAtPage: number[] }> {
  const [out, err] = [new SlowReader(), new SlowReader()];
  const { placements, writtenAtPage } = catalog(tenants, out);
  await new Output({ out, err, styled }, json).stream(placements as AsyncIterable<Record<string, unknown>>, columns, 'There is none.');
  await new Promise((resolve) => out.end(resolve));
  return { text: out.text, err: err.text, writtenAtPage };
}

test('a page of a long list has been written before the next but one is read', async () => {
  const { text, writtenAtPage } = await listed(2_300, true);
  expect(writtenAtPage).toEqual([0, 0, 500, 1_000, 1_500].map((least) => expect.toSatisfy((written: number) => written >= least)));
  const rows = itemsOf<{ tenant: string }>(text);
  expect(rows.map(({ tenant }) => Number(tenant))).toEqual(Array.from({ length: 2_300 }, (_, index) => index + 1));
});

test('JSON has its version and the items with an object a line, whatever their number', async () => {
  expect((await listed(0, true)).text).toBe('{"version":1,"items":[]}\n');
  expect((await listed(2, true)).text.split('\n')).toEqual([
    '{"version":1,"items":[',
    '  {"map":"customers","tenant":"1","shard":"s","mappingId":1,"state":"ONLINE","epoch":1},',
    '  {"map":"customers","tenant":"2","shard":"s","mappingId":2,"state":"ONLINE","epoch":1}',
    ']}',
    '',
  ]);
  expect(itemsOf((await listed(500, true)).text)).toHaveLength(500);
});

test('lines begin with the names of the columns, once', async () => {
  const lines = (await listed(1_001, false)).text.split('\n');
  expect([lines[0], lines[1], lines[1_001], lines.length]).toEqual(['tenant\tshard', '1\ts', '1001\ts', 1_003]);
  expect(await listed(0, false)).toMatchObject({ text: '', err: 'There is none.\n' });
});

test('a terminal gets a table for each batch', async () => {
  const { text } = await listed(501, false, true);
  expect(text.match(/tenant/g)).toHaveLength(2);
});
