import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { createCliWorld, type CliWorld } from './world.ts';

let world: CliWorld;

beforeAll(async () => {
  world = await createCliWorld();
});
afterAll(() => world?.close());

describe('init --from', () => {
  test('reads the tables, their key type, and those without a tenant', async () => {
    const shard = await world.createShardDatabase('brownfield');
    await shard.query(
      sqlText(
        'create table "Countries" ("Code" text primary key); create schema crm; create table crm."Calls" ("TenantId" integer, "Id" integer)',
      ),
    );
    const { code, out } = await world.run(`init --from ${world.server.url('brownfield')} --output new.ts --json`);
    expect(code).toBe(0);
    const environment = { BROWNFIELD: world.server.url('brownfield') };
    expect(JSON.parse((await world.run('init --from BROWNFIELD --output named.ts --json', { environment })).out)).toMatchObject({
      ...(JSON.parse(out) as object),
      file: 'named.ts',
    });
    expect(JSON.parse(out)).toMatchObject({ file: 'new.ts', tables: ['crm.Calls', 'Blogs', 'Posts'], undecided: ['Countries'] });
  });

  test.each([
    ['--tenant-column Tenant', 'No table there has a column Tenant; name another by --tenant-column (INVALID_REQUEST)'],
    [
      '--tenant-column Mixed',
      'The columns Mixed have the types integer, text; all must keep the same type of keys: int, bigint, uuid, string, bytes',
    ],
  ])('is refused with %s', async (options, problem) => {
    const shard = await world.createShardDatabase(`brown_${options.length}`);
    await shard.query(sqlText('create table x1 ("Mixed" integer); create table x2 ("Mixed" text)'));
    const files = await readdir(world.folder);
    const { code, err } = await world.run(`init --from ${world.server.url(`brown_${options.length}`)} ${options} --output never.ts`);
    expect(code).toBe(1);
    expect(err).toContain(problem);
    expect(err).not.toContain(world.server.password);
    expect(await readdir(world.folder)).toEqual(files);
  });
});
