import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { shardLogins } from '../../support/shard-logins.ts';
import { startOldServer, type OldServer } from '../../support/old-server.ts';
import { createCliWorld, type CliWorld } from './world.ts';
import { signerOfTests } from '../../support/accepting.ts';
import { itemsOf } from '../../support/command-line.ts';

describe('a server older than any that Tenantry works with', () => {
  let old: OldServer;
  let world: CliWorld;
  beforeAll(async () => {
    [old, world] = await Promise.all([startOldServer('14.11 (Debian 14.11-1)'), createCliWorld()]);
  });
  afterAll(async () => {
    await world?.close();
    await old?.[Symbol.asyncDispose]();
  });

  const told = 'The server is PostgreSQL 14.11 (Debian 14.11-1); Tenantry works with 15 and later';

  it('gets no connection for tenants', async () => {
    const address = { engine: 'postgres', host: old.host, port: old.port, database: 'shop', tls: 'disable' } as const;
    const expectations = {
      shardId: 'any',
      incarnation: 'any',
      signer: signerOfTests('any'),
      tables: [],
      contextProtection: 'guarded',
    } as const;
    await expect(createPostgresEngine().connect(address, shardLogins.app, expectations)).rejects.toMatchObject({
      code: 'SHARD_UNVERIFIED',
      message: expect.stringContaining(told) as string,
    });
  });

  it.each(['map create', 'doctor', 'shard list'])('is refused as a catalog by %s', async (line) => {
    const url = `postgres://user:password@${old.host}:${old.port}/catalog`;
    const { code, out, err } = await world.run(line, { environment: { TENANTRY_CATALOG_URL: url } });
    expect(code).not.toBe(0);
    expect(`${out}${err}`).toContain(told);
  });

  it('is refused as a shard by shard add', async () => {
    expect(await world.run('map create')).toMatchObject({ code: 0 });
    for (const prepare of ['', '--bootstrap']) {
      const { code, err } = await world.run(`shard add b --host ${old.host} --port ${old.port} --database shop ${prepare}`);
      expect(code).toBe(1);
      expect(err).toContain(told);
    }
    expect(itemsOf((await world.run('shard list --json')).out)).toEqual([]);
  });
});
