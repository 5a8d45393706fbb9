import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useCliFleet } from './fleet.ts';
import { configuration } from './world.ts';
import { itemsOf } from '../../support/command-line.ts';

const fleet = useCliFleet();

describe('ranges', () => {
  test('are added, split, merged, taken offline and removed', async () => {
    await writeFile(
      join(fleet.world.folder, 'ranges.json'),
      configuration({ map: { name: 'spans', kind: 'range', key: 'int', context: 'TenantId' } }),
    );
    const run = async (line: string): Promise<string> => {
      const { code, out, err } = await fleet.world.run(`${line} --config ranges.json`);
      expect({ line, code, err }).toEqual({ line, code: 0, err: '' });
      return out;
    };
    const list = async (): Promise<string[]> =>
      itemsOf<{ low?: string; high?: string; state: string }>(await run('range list --json')).map(
        ({ low, high, state }) => `${low ?? '...'} ${high ?? '...'} ${state}`,
      );
    await fleet.world.createShardDatabase('spans_a');
    await run(`shard add s ${fleet.place} --database spans_a --bootstrap`);
    await run('range add --low -5 --high 100 --shard s');
    await run('range add --low 100 --shard s');
    expect(await list()).toEqual(['-5 100 ONLINE', '100 ... ONLINE']);
    await run('range split 50');
    await run('range merge 100');
    expect(await list()).toEqual(['-5 50 ONLINE', '50 ... ONLINE']);
    expect(await run('tenant where 60')).toMatch(/^Tenant 60 of map spans lives in range \[50, \.\.\.\) on shard s: ONLINE/);
    await run('range offline --low 50');
    expect(await list()).toEqual(['-5 50 ONLINE', '50 ... OFFLINE']);
    await run('range online --low 50');
    await run('range offline --low 50');
    await run('range remove --low 50 --purge --yes');
    expect(await list()).toEqual(['-5 50 ONLINE']);
    expect((await fleet.world.run('range add --low 40 --high 60 --shard s --config ranges.json')).err).toContain('(CONFLICT)');
  });
});
