import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sqlText } from '../../../../src/core/sql.ts';
import { eventually } from '../../../support/eventually.ts';
import type { SqlDatabase } from '../../../../src/core/session.ts';
import { configuration, type CliWorld } from '../world.ts';
import type { TwoShards } from './two-shards.ts';

/** Who watches a shard, and who is told of it. */
export function testWatching(fleet: () => TwoShards): void {
  let world: CliWorld;
  let b: SqlDatabase;
  beforeAll(() => {
    ({ world, b } = fleet());
  });

  it('A shard whose definitions not every trigger watches is told by doctor', async () => {
    const warning = 'shard a: Not every trigger that watches its definitions is there and switched on';
    const root = world.openDatabase('shop_a');
    const isWarned = async (): Promise<boolean> => (await world.run('doctor')).out.includes(warning);
    expect(await isWarned()).toBe(false);
    for (const lessened of ['tenantry_changed disable', 'tenantry_dropped enable']) {
      await root.query(sqlText(`alter event trigger ${lessened}`));
      try {
        expect(await isWarned()).toBe(true);
      } finally {
        await root.query(sqlText(`alter event trigger ${lessened.split(' ')[0]} enable always`));
      }
    }
  });

  describe('a service with a webhook', () => {
    it('tells it of a shard that nobody uses once it is swept, and of the end, and counts both', async () => {
      expect((await world.run('policy apply')).code).toBe(0);
      const types: string[] = [];
      const hook = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const { type, data } = JSON.parse(Buffer.concat(chunks).toString()) as { type: string; data: { shard: string } };
          types.push(`${data.shard} ${type}`);
          response.writeHead(204).end();
        });
      });
      await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
      const webhook = { url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/` };
      await writeFile(join(world.folder, 'hook.json'), configuration({ webhook, limits: { protectionSweepMs: 1_000 } }));
      const stop = new AbortController();
      const listening = Promise.withResolvers<{ ops: string }>();
      const served = world.run('serve --json --config hook.json', {
        stop: stop.signal,
        onOutput: (text) => listening.resolve(JSON.parse(text) as { ops: string }),
      });
      try {
        const { ops } = await Promise.race([listening.promise, served.then(({ err }) => Promise.reject(new Error(err)))]);
        await b.query(sqlText('create view "Leak" as select * from "Blogs"; grant select on "Leak" to tenantry_app'));
        await eventually(() => expect(types).toEqual(['b shard.unverified.found']));
        await b.query(sqlText('drop view "Leak"'));
        await eventually(() => expect(types).toEqual(['b shard.unverified.found', 'b shard.unverified.ended']));
        // It is counted once its answer has come back.
        await eventually(async () =>
          expect(await (await fetch(`${ops}/metrics`)).text()).toContain('tenantry_webhook_notices_total{outcome="delivered"} 2'),
        );
      } finally {
        await b.query(sqlText('drop view if exists "Leak"'));
        stop.abort();
        await served;
        hook.closeAllConnections();
        await new Promise((resolve) => hook.close(resolve));
      }
    });
  });
}
