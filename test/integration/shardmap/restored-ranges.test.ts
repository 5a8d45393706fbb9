import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { interruptedAccess } from '../../support/interrupted-access.ts';
import { backUp, restore } from '../../support/restored-server.ts';
import { expectSettled, readState } from '../../support/shard-map-state.ts';
import { startPostgresWorld, type PostgresWorld } from '../../support/shard-map-world.ts';

let world: PostgresWorld;
beforeAll(async () => {
  world = await startPostgresWorld('range');
});
afterAll(async () => {
  await world?.close();
});

describe('a split that a restored catalog has as left after its commit', () => {
  it('does not bring back ranges that were removed in the time that the backup lacks', async () => {
    const { ranges } = world.manager;
    await ranges.add({ low: 1, high: 100 }, { shard: 'a' });
    const dies = interruptedAccess(world.access, 3, () => Promise.reject(new Error('The runner dies.')));
    await expect(world.createManager({ access: dies }).ranges.split(50)).rejects.toThrow('is left COMMITTED');
    await backUp(world.catalogServer);
    expect(await world.manager.sweep()).toMatchObject({ settled: [{ end: 'DONE' }] });
    for (const bounds of [
      { low: 1, high: 50 },
      { low: 50, high: 100 },
    ]) {
      await ranges.offline(bounds);
      await ranges.remove(bounds);
    }
    await restore(world.catalogServer, 'by recovery');
    for (const confirmed of [false, true]) {
      const failed = [{ operation: { kind: 'split-mapping' }, error: { code: 'CONFLICT' } }];
      expect(await world.manager.recover({ confirmed })).toMatchObject({
        catalog: confirmed ? 'accepted' : 'refused',
        settled: [],
        failed,
      });
      expect((await readState(world)).mappings.map(({ local }) => local)).toEqual([undefined, undefined]);
    }

    // As docs/operations.md says.
    await world.catalog.query(sqlText(`delete from tenantry.mapping; update tenantry.operation set state = 'DONE'`));
    expect(await world.manager.recover()).toMatchObject({ catalog: 'known', failed: [], disagreements: [] });
    await ranges.add({ low: 1, high: 100 }, { shard: 'b' });
    expectSettled(await readState(world));
  });
});
