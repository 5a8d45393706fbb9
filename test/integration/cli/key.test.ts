import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { resolveConfig } from '../../../src/config.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { createEngines } from '../../../src/main/engines.ts';
import { openTenantry } from '../../../src/main/tenantry.ts';
import type { Router } from '../../../src/router/router.ts';
import { silentObserver } from '../../../src/router/router-observer.ts';
import { createShardSigner } from '../../../shardmap/shard-signer.ts';
import { fleetKeyFromBase64, fleetKeyName, mappingToken } from '../../../shardmap/mapping-token.ts';
import { configuration, createCliWorld, type CliWorld } from './world.ts';
import { itemsOf, type CommandResult } from '../../support/command-line.ts';
import { mayStand } from '../../support/grounds/words.ts';

const keyOf = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
const [old, next] = [keyOf(5), keyOf(8)];
const oldAlone = { TENANTRY_FLEET_KEY: old };
const nextAlone = { TENANTRY_FLEET_KEY: next };
const both = { TENANTRY_FLEET_KEY: next, TENANTRY_FLEET_KEY_PREVIOUS: old };
const otherWayRound = { TENANTRY_FLEET_KEY: old, TENANTRY_FLEET_KEY_PREVIOUS: next };
const config = (parts: object = {}): string =>
  configuration({
    fleetKey: { current: { env: 'TENANTRY_FLEET_KEY' }, previous: { env: 'TENANTRY_FLEET_KEY_PREVIOUS', optional: true } },
    ...parts,
  });
const tenants = [1, 2, 3, 4];
const readBlogs = sql`select 1 as one from "Blogs"`;

/** Two shards with two tenants each, one of them offline besides, all known by the old key before each test. */
describe('the fleet key', () => {
  let world: CliWorld;
  const shops: SqlDatabase[] = [];
  beforeAll(async () => {
    world = await createCliWorld();
    await writeFile(join(world.folder, 'tenantry.config.json'), config());
    const place = `--host ${world.server.host} --port ${world.server.port}`;
    const lines = ['map create'];
    for (const name of ['a', 'b']) {
      shops.push(await world.createShardDatabase(`shop_${name}`));
      lines.push(`shard add ${name} ${place} --database shop_${name} --bootstrap`);
    }
    lines.push('tenant add 1 --shard a', 'tenant add 2 --shard a', 'tenant add 3 --shard b', 'tenant add 4 --shard b');
    lines.push('tenant add 5 --shard b', 'tenant offline 5');
    for (const line of lines) expect(await world.run(line)).toMatchObject({ code: 0 });
    // Of moves: they have tokens as well, but a tombstone.
    await shops[0]?.query(
      sqlText(`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token, moved_to, moved_epoch)
      values (901, 'point', '\\x80000901', 'DRAINING', 3, decode(repeat('00', 16), 'hex'), null, null), (902, 'point', '\\x80000902', 'INCOMING', 4, decode(repeat('00', 16), 'hex'), null, null),
             (903, 'point', '\\x80000903', 'MOVED', 5, null, gen_random_uuid(), 6)`),
    );
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    for (const shop of shops) await setTokens(shop, old);
    expect(await run('key rotate', otherWayRound)).toMatchObject({ code: 0 });
  });

  const run = (line: string, environment: Record<string, string> = both): Promise<CommandResult> => world.run(line, { environment });
  /** As while a rotation is under way. */
  const nameBoth = async (): Promise<void> => {
    const name = fleetKeyName(fleetKeyFromBase64(old, 'the key'));
    await world.openDatabase('catalog').query(sql`insert into tenantry.fleet_key (name) values (${name})`);
  };
  const statusOf = async (environment: Record<string, string> = both): Promise<unknown> =>
    (JSON.parse((await run('key status --json', environment)).out) as { shards: unknown }).shards;
  const shard = (name: string, current: number, previous: number, neither = 0, signedBy = 'current'): object => ({
    shard: name,
    current,
    previous,
    neither,
    signedBy,
  });

  async function router(environment: Record<string, string>): Promise<Router> {
    const parts = { engines: createEngines(), clock: systemClock, observer: silentObserver, onTrouble: () => undefined };
    const tenantry = await openTenantry(parts, resolveConfig(JSON.parse(config()), { ...world.environment, ...environment }));
    onTestFinished(() => tenantry.close());
    return tenantry.router;
  }

  test('signs again what one part is signed of by each key, such as an override that was given meanwhile', async () => {
    expect(await run('key rotate')).toMatchObject({ code: 0 });
    await nameBoth();
    expect(await run('policy override --shard a --for 5m --reason meanwhile', otherWayRound)).toMatchObject({ code: 0 });
    onTestFinished(async () => void (await run('policy override --shard a --end')));
    const override = { until: expect.any(String), reason: 'meanwhile', decidedBy: expect.any(String), isSigned: true };
    expect(await statusOf()).toEqual([{ ...shard('a', 4, 0, 0, 'previous'), override }, shard('b', 3, 0)]);
    expect(await run('key rotate --concurrency 1')).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^shard a: 0 mappings rotated\. Tenants are let in until .*Z though what protects them was not accepted, by .+: meanwhile\nshard b: already so\n$/,
      ),
      err: expect.stringContaining(
        'What the previous key had signed is signed by the current one as it was. If it leaked, see who accepted',
      ),
    });
    expect(await statusOf(nextAlone)).toEqual([{ ...shard('a', 4, 0), override }, shard('b', 3, 0)]);
  });

  test('leaves an override that no program makes, as whoever has a leaked key signs it, and says so', async () => {
    const { rows } = await shops[0]!.query<{ id: string; nowMs: number }>(
      sqlText('select shard_id as id, (extract(epoch from clock_timestamp()) * 1000)::bigint as "nowMs" from tenantry.shard_identity'),
    );
    const [{ id, nowMs: number }] = rows as [{ id: string; nowMs: number }];
    const untilMs = Date.UTC(9000, 0, 1);
    const leaked = createShardSigner({ current: fleetKeyFromBase64(old, 'the key') }, id);
    const signature = leaked.sign({ says: 'overridden', number, untilMs });
    await shops[0]!.run('policy/override', { number, untilMs, reason: 'forged', decidedBy: 'nobody', signature });
    onTestFinished(async () => void (await run('policy override --shard a --end')));
    const left = expect.stringMatching(
      /^shard a: 4 mappings rotated; left: 0 by the previous key, 0 by neither; what protects it is signed by the previous key\. Tenants are let in until 9000-01-01T00:00:00\.000Z .*: forged\. The override is signed by no key of the fleet, .* or is for more than a day: /,
    );
    expect(await run('key rotate --concurrency 1')).toMatchObject({ code: 2, out: left });
    expect(await run('policy override --shard a --end')).toMatchObject({ code: 0 });
    expect(await statusOf(nextAlone)).toEqual([shard('a', 4, 0), shard('b', 3, 0)]);
  });

  test(
    'is rotated while requests run: no service that has both keys fails one; each of the others has one time',
    { timeout: 300_000 },
    async () => {
      const services = [await router(both), await router(otherWayRound)];
      const onlyOld = await router(oldAlone);
      for (const tenant of tenants) expect((await onlyOld.query(tenant, readBlogs)).rows).toEqual([]);
      // So many requests of each caller meet each rotation, and no more: callers that never rest would leave a slow machine no time for it.
      const asEachRotates = 40;
      const callers = services.flatMap((service) =>
        tenants.map((tenant) => async (): Promise<void> => {
          for (let number = 0; number < asEachRotates; number += 1)
            await (number % 2 === 0
              ? service.query(tenant, readBlogs)
              : service.withTenant(tenant, { isolation: 'serializable' }, (session) => session.query(readBlogs)));
        }),
      );
      // To and fro, so that requests meet many of the moments in which a token changes.
      for (const environment of [both, otherWayRound, both, otherWayRound, both]) {
        const [rotation] = await Promise.all([run('key rotate', environment), ...callers.map((ask) => ask())]);
        expect([rotation.code, rotation.err]).toEqual([0, expect.stringMatching(/^What the previous key had signed .*\n$/)]);
      }

      expect(await statusOf(nextAlone)).toEqual([shard('a', 4, 0), shard('b', 3, 0)]);
      const onlyNext = await router(nextAlone);
      for (const tenant of tenants) expect((await onlyNext.query(tenant, readBlogs)).rows).toEqual([]);
      await expect(onlyOld.query(1, readBlogs)).rejects.toMatchObject({
        code: 'SHARD_UNVERIFIED',
        detail: expect.stringContaining('another fleet key'),
      });
      expect(await run('tenant online 5', nextAlone)).toMatchObject({ code: 0 });
      expect((await onlyNext.query(5, readBlogs)).rows).toEqual([]);
      expect(await run('tenant offline 5', nextAlone)).toMatchObject({ code: 0 });
    },
  );

  test('is told by shard, with names by which keys are compared and no more; a dry run changes nothing', async () => {
    expect(await run('key status')).toMatchObject({
      code: 2,
      out: expect.stringMatching(
        /^current key [0-9a-f]{8}, previous key ([0-9a-f]{8}); the fleet's: \1\nshard a: 0 by the current key, 4 by the previous one, 0 by neither; what protects it is signed by the previous key\nshard b: 0 by the current key, 3 by the previous one, 0 by neither; what protects it is signed by the previous key\n$/,
      ),
    });
    expect(await run('key rotate --dry-run')).toMatchObject({ code: 2 });
    expect(await run('key status', oldAlone)).toMatchObject({ code: 0 });
    expect(await statusOf(nextAlone)).toEqual([shard('a', 0, 0, 4, 'neither'), shard('b', 0, 0, 3, 'neither')]);
    const rotated = await run('key rotate --actor Ann --concurrency 1');
    expect(rotated).toMatchObject({ code: 0, out: 'shard a: 4 mappings rotated\nshard b: 3 mappings rotated\n' });
    expect(await run('key rotate --json')).toMatchObject({ code: 0 });
    expect(await run('key rotate --dry-run')).toMatchObject({ code: 0 });
    const audited = itemsOf<Record<string, unknown>>((await run('audit list --json --limit 4')).out);
    expect(audited.map(({ actor, action, outcome }) => [actor, action, outcome])).toEqual(
      ['DONE', 'BEGUN', 'DONE', 'BEGUN'].map((outcome) => ['Ann', 'key rotate', outcome]),
    );
    expect(JSON.stringify(audited)).not.toContain(next.slice(0, 20));
  });

  test('signs again what protects a shard, where it is that alone that is left', async () => {
    await run('policy verify --shard a', oldAlone);
    const verdict = async (): Promise<string> =>
      /shard a: .*was tried at.*|shard a: The verdict.*/.exec((await run('doctor', nextAlone)).out)![0];
    expect(await statusOf(nextAlone)).toMatchObject([{ verdictSignedBy: 'neither' }, {}]);
    for (const shop of shops) await setTokens(shop, next);
    expect(await statusOf()).toEqual([
      { ...shard('a', 4, 0, 0, 'previous'), verdictSignedBy: 'previous' },
      shard('b', 3, 0, 0, 'previous'),
    ]);
    expect(await run('key rotate')).toMatchObject({ code: 0 });
    expect(await run('key status', nextAlone)).toMatchObject({ code: 0 });
    expect(await verdict()).toContain('was tried at');
    // As after a rotation that ended between what protects a shard and its verdict.
    await nameBoth();
    await run('policy verify --shard a', otherWayRound);
    expect(await run('key status')).toMatchObject({
      code: 2,
      out: expect.stringContaining(
        'shard a: 4 by the current key, 0 by the previous one, 0 by neither; its latest verdict is signed by the previous key\n',
      ),
    });
    expect(await run('key rotate --concurrency 1')).toMatchObject({ code: 0, out: 'shard a: 0 mappings rotated\nshard b: already so\n' });
    expect(await run('key status')).toMatchObject({ code: 0 });
    expect((await (await router(nextAlone)).query(1, readBlogs)).rows).toEqual([]);
  });

  test('goes on where it was stopped between shards', async () => {
    const stop = new AbortController();
    const stopped = await world.run('key rotate --concurrency 1', { environment: both, stop: stop.signal, onOutput: () => stop.abort() });
    expect(stopped).toMatchObject({ code: 1, out: 'shard a: 4 mappings rotated\nshard b: not reached\n' });
    expect(stopped.err).toContain('run it again to go on');
    expect(await statusOf()).toMatchObject([shard('a', 4, 0), shard('b', 0, 3, 0, 'previous')]);
    expect(await run('key rotate --concurrency 1')).toMatchObject({ code: 0, out: 'shard a: already so\nshard b: 3 mappings rotated\n' });
  });

  test('leaves a mapping that somebody holds, and one by a third key, and says so', async () => {
    const held = shops[0]?.transaction(async (session) => {
      await session.query(mayStand);
      await session.query(sqlText(`select from tenantry.local_mapping where mapping_id = 901 for share`));
      expect(await run('key rotate --wait 0 --concurrency 1')).toMatchObject({
        code: 2,
        out: 'shard a: 3 mappings rotated; left: 1 by the previous key, 0 by neither\nshard b: 3 mappings rotated\n',
      });
    });
    await held;
    await shops[1]?.query(sqlText(`update tenantry.local_mapping set token = decode(repeat('00', 16), 'hex') where low = '\\x80000003'`));
    expect(await run('key rotate --concurrency 1')).toMatchObject({
      code: 2,
      out: 'shard a: 1 mapping rotated\nshard b: 0 mappings rotated; left: 0 by the previous key, 1 by neither\n',
    });
  });

  test('is rotated on every shard that can be, whatever another one is', async () => {
    await shops[0]?.query(sqlText('alter table tenantry.shard_identity rename to elsewhere'));
    onTestFinished(async () => void (await shops[0]?.query(sqlText('alter table tenantry.elsewhere rename to shard_identity'))));
    const result = await run('key rotate');
    expect(result).toMatchObject({ code: 1, out: expect.stringContaining('shard b: 3 mappings rotated') });
    expect(result.err).toContain('On shard a: ');
    expect(await run('key status')).toMatchObject({ code: 1, out: expect.stringContaining('shard a: not known: ') });
  });

  test.each([
    ['without a previous key', oldAlone, 'A rotation needs two fleet keys'],
    [
      'with one key for both',
      { TENANTRY_FLEET_KEY: old, TENANTRY_FLEET_KEY_PREVIOUS: old },
      'fleetKey.previous: must be another key than fleetKey.current',
    ],
  ])('is not rotated %s', async (_, environment, why) => {
    expect(await run('key rotate', environment)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(why) });
  });
});

/** One shard, whose fleet's key is the old one before each test. */
describe('a key that is not the one of the fleet', () => {
  const third = keyOf(9);
  const thirdAlone = { TENANTRY_FLEET_KEY: third };
  const [oldName, nextName, thirdName] = [old, next, third].map((key) => fleetKeyName(fleetKeyFromBase64(key, 'the key')));
  const wrong = `The fleet's key is ${oldName}; fleetKey.current is ${thirdName}, and fleetKey.previous is not set: set fleetKey.current to the fleet's key or, where that is being replaced, fleetKey.previous; where nobody has ${oldName} any more, see docs/fleet-key.md`;
  let world: CliWorld;
  let catalog: SqlDatabase;
  let shop: SqlDatabase;
  beforeAll(async () => {
    world = await createCliWorld();
    await writeFile(join(world.folder, 'tenantry.config.json'), config());
    shop = await world.createShardDatabase('shop_a');
    for (const line of [
      'map create',
      `shard add a --host ${world.server.host} --port ${world.server.port} --database shop_a --bootstrap`,
      'tenant add 1 --shard a',
    ])
      expect(await run(line, oldAlone)).toMatchObject({ code: 0 });
    catalog = world.openDatabase('catalog');
  });
  afterAll(() => world.close());
  beforeEach(() => setNames(oldName!));

  const run = (line: string, environment: Record<string, string>): Promise<CommandResult> => world.run(line, { environment });
  const names = async (): Promise<unknown> =>
    new Set((await catalog.query<{ name: string }>(sqlText('select name from tenantry.fleet_key'))).rows.map(({ name }) => name));
  const named = (...wanted: readonly (string | undefined)[]): unknown => new Set(wanted);
  const setNames = async (...wanted: readonly string[]): Promise<void> => {
    await catalog.query(sqlText('delete from tenantry.fleet_key'));
    for (const name of wanted) await catalog.query(sql`insert into tenantry.fleet_key (name) values (${name})`);
  };
  const written = async (): Promise<unknown> => [
    await Promise.all(
      ['operation', 'audit', 'policy_verdict', 'mapping', 'fleet_key'].map(
        async (table) => (await catalog.query(sqlText(`select * from tenantry.${table}`))).rows,
      ),
    ),
    await Promise.all(
      ['tenantry.local_mapping', 'tenantry_watch.accepted'].map(
        async (table) => (await shop.query(sqlText(`select * from ${table}`))).rows,
      ),
    ),
  ];

  test.each([
    'map create other --kind list --key int',
    'tenant add 2 --shard a',
    'tenant offline 1',
    'policy apply',
    'policy apply --dry-run',
    'policy override --shard a --for 5m --reason why',
    'policy verify',
    'shard remove a --yes',
    'recover',
    'serve',
  ])('changes nothing by %s, which says whose key it is', async (line) => {
    const before = await written();
    expect(await run(line, thirdAlone)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(wrong) });
    expect(await written()).toEqual(before);
  });

  test.each(['tenant add 2 --shard a', 'policy apply', 'policy verify'])(
    'changes nothing by %s where the fleet’s is the previous one, before key rotate has made the current one the fleet’s',
    async (line) => {
      const environment = { ...thirdAlone, TENANTRY_FLEET_KEY_PREVIOUS: old };
      const why = `The fleet's key is ${oldName}, which is fleetKey.previous here; fleetKey.current is ${thirdName}, and not the fleet's yet: run tenantry key rotate first, where ${thirdName} is to replace it everywhere, or set fleetKey.current to ${oldName}`;
      const before = await written();
      expect(await run(line, environment)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(why) });
      expect(await written()).toEqual(before);
      expect(await run('tenant list', environment)).toMatchObject({ code: 0, err: '' });
    },
  );

  test('rotates nothing, and joins no router', async () => {
    const environment = { ...thirdAlone, TENANTRY_FLEET_KEY_PREVIOUS: next };
    const why = `fleetKey.current is ${thirdName}, and fleetKey.previous ${nextName}`;
    const before = await written();
    expect(await run('key rotate', environment)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(why) });
    expect(await written()).toEqual(before);
    const parts = { engines: createEngines(), clock: systemClock, observer: silentObserver, onTrouble: () => undefined };
    const settings = resolveConfig(JSON.parse(config()), { ...world.environment, ...environment });
    await expect(openTenantry(parts, settings)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringContaining(why),
    });
  });

  test('is told of once by what only reads, and no remedy that would write with it', async () => {
    expect(await run('tenant list', thirdAlone)).toMatchObject({ code: 0, err: `${wrong}.\n` });
    expect(await run('key status', thirdAlone)).toMatchObject({
      code: 2,
      out: expect.stringMatching(new RegExp(`^current key ${thirdName}, previous key none; the fleet's: ${oldName}\n`)),
      err: `${wrong}.\n`,
    });
    expect(await run('tenant list', oldAlone)).toMatchObject({ code: 0, err: '' });
    const { code, out } = await run('doctor --json', thirdAlone);
    const problems = itemsOf<{ level: string }>(out).filter(({ level }) => level !== 'ok');
    expect([code, problems]).toEqual([
      2,
      [
        {
          subject: 'configuration',
          level: 'problem',
          text: `The fleet's key is ${oldName}; fleetKey.current is ${thirdName}, and fleetKey.previous is not set. Shards are looked at with the right key alone.`,
          advice: expect.stringMatching(/^set fleetKey\.current to the fleet's key or, where that is being replaced, fleetKey\.previous; /),
        },
      ],
    ]);
  });

  test('is known from the beginning of a rotation to its end: both are needed; then the old one is not', async () => {
    const rotating = `The fleet's key is being rotated, and the catalog names ${oldName} and ${nextName}; `;
    // Before it has begun the old one is taken, with the new one or alone.
    for (const environment of [otherWayRound, oldAlone])
      expect(await run('tenant offline 1 --dry-run', environment)).toMatchObject({ code: 2, err: '' });
    await shop.query(sqlText('alter table tenantry.shard_identity rename to elsewhere'));
    const failed = await run('key rotate', both);
    await shop.query(sqlText('alter table tenantry.elsewhere rename to shard_identity'));
    expect([failed.code, await names()]).toEqual([1, named(oldName, nextName)]);
    for (const environment of [both, otherWayRound])
      expect(await run('tenant offline 1 --dry-run', environment)).toMatchObject({ code: 2, err: '' });
    for (const environment of [oldAlone, nextAlone, { ...oldAlone, TENANTRY_FLEET_KEY_PREVIOUS: third }])
      expect(await run('tenant offline 1 --dry-run', environment)).toMatchObject({ code: 1, err: expect.stringContaining(rotating) });
    // One shard by name is done; whether all are, only a rotation of all finds.
    expect(await run('key rotate --shard a', both)).toMatchObject({ code: 0 });
    expect([(await run('key status', both)).code, await names()]).toEqual([2, named(oldName, nextName)]);
    expect(await run('key rotate', both)).toMatchObject({ code: 0 });
    expect([(await run('key status', nextAlone)).code, await names()]).toEqual([0, named(nextName)]);
    expect(await run('tenant offline 1 --dry-run', nextAlone)).toMatchObject({ code: 2, err: '' });
    expect(await run('tenant offline 1 --dry-run', oldAlone)).toMatchObject({ code: 1, err: expect.stringContaining(nextName!) });
    expect(await run('key rotate', otherWayRound)).toMatchObject({ code: 0 });
    expect(await names()).toEqual(named(oldName));
  });

  test('becomes the one of the fleet where that one is forgotten by its name, which is asked for and recorded', async () => {
    const line = `key forget ${oldName}`;
    const before = await written();
    expect(await run(`${line} --dry-run`, thirdAlone)).toMatchObject({ code: 2, err: `${wrong}.\n` });
    expect(await run(line, thirdAlone)).toMatchObject({ code: 1, err: expect.stringContaining('say --yes') });
    expect(await run(`${line} --yes`, oldAlone)).toMatchObject({ code: 1, err: expect.stringContaining(`Key ${oldName} is configured`) });
    expect(await run(`key forget ${nextName} --yes`, thirdAlone)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`The fleet has no key ${nextName}; the catalog names ${oldName} (NOT_FOUND)`),
    });
    expect(await written()).toEqual(before);
    const done = `Done: key ${oldName} is forgotten; the fleet's is ${thirdName}\n`;
    expect(await run(`${line} --yes --actor Ann`, thirdAlone)).toMatchObject({ code: 0, out: done });
    expect(await names()).toEqual(named(thirdName));
    expect(await run('tenant offline 1 --dry-run', thirdAlone)).toMatchObject({ code: 2, err: '' });
    const [event] = itemsOf((await run('audit list --json --limit 1', thirdAlone)).out);
    expect(event).toMatchObject({
      actor: 'Ann',
      action: 'key forget',
      subject: `fleet key ${oldName}`,
      outcome: 'DONE',
      detail: { current: thirdName },
    });
  });

  test('is asked for where the catalog names none, until map create names it', async () => {
    await setNames();
    expect(await run('tenant offline 1 --dry-run', oldAlone)).toMatchObject({
      code: 1,
      err: expect.stringContaining('names no key of the fleet'),
    });
    expect(await run('map create other --kind list --key int', oldAlone)).toMatchObject({ code: 0 });
    expect(await names()).toEqual(named(oldName));
  });

  test('tells of what the previous key has signed in the time in which it is so', async () => {
    const toBe = 'What the previous key has signed, tenantry key rotate signs by the current one as it is. If it leaked';
    for (const line of ['key status', 'key rotate --dry-run'])
      expect(await run(line, both)).toMatchObject({ code: 2, err: expect.stringContaining(toBe) });
    expect(await run('key status', otherWayRound)).toMatchObject({ code: 0, err: '' });
    const rotated = await run('key rotate', both);
    expect(rotated.err).toContain('What the previous key had signed is signed by the current one as it was. If it leaked');
    expect(await run('key status', both)).toMatchObject({ code: 0, err: '' });
    expect(await run('key rotate', otherWayRound)).toMatchObject({ code: 0 });
  });
});

/** Gives every mapping of a shard its token by a key. */
async function setTokens(shop: SqlDatabase, key: string): Promise<void> {
  const fleetKey = fleetKeyFromBase64(key, 'the key');
  const { rows } = await shop.query<{ id: number; epoch: number }>(
    sqlText(`select mapping_id as id, epoch from tenantry.local_mapping where token is not null`),
  );
  for (const { id, epoch } of rows)
    await shop.query(
      sql`update tenantry.local_mapping set token = ${mappingToken(fleetKey, 'customers', id, epoch)} where mapping_id = ${id}`,
    );
}
