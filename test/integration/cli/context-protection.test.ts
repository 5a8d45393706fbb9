import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { resolveConfig } from '../../../src/config.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { createEngines } from '../../../src/main/engines.ts';
import { openTenantry, type OpenTenantry } from '../../../src/main/tenantry.ts';
import { silentObserver } from '../../../src/router/router-observer.ts';
import { configuration, createCliWorld, type CliWorld } from './world.ts';

/** Tenantry as a service opens it, with what is configured there; closed with the test. */
async function open({ environment }: CliWorld, config: string): Promise<OpenTenantry> {
  const parts = { engines: createEngines(), clock: systemClock, observer: silentObserver, onTrouble: () => undefined };
  const tenantry = await openTenantry(parts, resolveConfig(JSON.parse(config), environment));
  onTestFinished(() => tenantry.close());
  return tenantry;
}

test.each(['plain', 'mac'] as const)(
  'contextProtection %s, from the configuration to a routed row, needs no right to a parameter of the server',
  async (form) => {
    const world = await createCliWorld();
    onTestFinished(() => world.close());
    const [weaker, guarded] = [configuration({ contextProtection: form }), configuration()];
    const use = (config: string): Promise<void> => writeFile(join(world.folder, 'tenantry.config.json'), config);
    await use(weaker);
    const shop = await world.createShardDatabase('shop');
    await world.run('map create');
    const added = await world.run(`shard add a --host ${world.server.host} --port ${world.server.port} --database shop --bootstrap`);
    expect(added).toMatchObject({ code: 0, err: '' });
    expect((await shop.query(sqlText('select from pg_parameter_acl'))).rowCount).toBe(0);
    for (const tenant of [1, 2]) expect(await world.run(`tenant add ${tenant} --shard a`)).toMatchObject({ code: 0 });

    const { router } = await open(world, weaker);
    const insert = sql`insert into "Blogs" ("BlogId", "Name") values (7, 'Ann') returning "TenantId"`;
    for (const tenant of [1, 2]) expect((await router.query(tenant, insert)).rows).toEqual([{ TenantId: tenant }]);
    expect((await router.query(1, sql`select "TenantId", "BlogId" from "Blogs"`)).rows).toEqual([{ TenantId: 1, BlogId: 7 }]);
    await expect(router.query(1, sql`insert into "Blogs" values (2, 8, 'forged')`)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await world.run('doctor')).toMatchObject({ code: 0, out: expect.stringContaining(`Its context protection is ${form}.`) });
    expect((await world.run('shard show a')).out).toContain(`context protection ${form}`);

    await use(guarded);
    const strict = await open(world, guarded);
    await expect(strict.router.query(1, insert)).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
    const examined = await world.run('doctor');
    expect(examined.code).toBe(2);
    expect(examined.out).toContain(`Its context protection is ${form}; the configuration says guarded.`);
    expect(examined.out).toContain(
      `shard a, login of app: The context protection of the shard is ${form}, and the configuration says guarded`,
    );
  },
);

test('a shard may be better protected than its fleet has to be, and not worse', async () => {
  const world = await createCliWorld();
  onTestFinished(() => world.close());
  await writeFile(join(world.folder, 'tenantry.config.json'), configuration({ contextProtection: 'mac' }));
  await world.createShardDatabase('shop');
  await world.run('map create');
  const add = `shard add a --host ${world.server.host} --port ${world.server.port} --database shop --bootstrap --context-protection`;
  expect(await world.run(`${add} plain`)).toMatchObject({
    code: 1,
    err: expect.stringContaining('would not be let in: the configuration says mac'),
  });
  expect(await world.run(`${add} guarded`)).toMatchObject({ code: 0 });
  expect(JSON.parse((await world.run('shard show a --json')).out)).toMatchObject({ contextProtection: 'guarded' });
  expect(await world.run('doctor')).toMatchObject({ code: 0, out: expect.stringContaining('Its context protection is guarded.') });
});
