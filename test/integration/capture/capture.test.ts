import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyTypes } from '../../../src/core/key-type.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';
import { testAttempts } from './attempts.ts';
import { testLogged } from './logged.ts';
import { testReading } from './reading.ts';
import { testTriggers } from './triggers.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

testLogged(() => server);
testReading(() => server);
testAttempts(() => server);
testTriggers(() => server);

test.each(keyTypes)('the key of a tenant is encoded as mappings have it: %s', async (keyType) => {
  const file = readFileSync(new URL(`../../../sql/postgres/schema/shard/020-tenant-${keyType}.sql`, import.meta.url), 'utf8');
  const [create = ''] = /create function tenantry\.encoded_key[\s\S]*?end;/.exec(file) ?? [];
  const vectors = (
    JSON.parse(readFileSync(new URL('../../../docs/key-vectors.json', import.meta.url), 'utf8')) as Record<string, [string, string][]>
  )[keyType]!;
  const type = { int: 'integer', bigint: 'bigint', uuid: 'uuid', string: 'text', bytes: 'bytea' }[keyType];
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  await client.query(`begin; create schema tenantry; ${create.replace('create function', 'create or replace function')}`);
  for (const [key, hex] of vectors) {
    const text = keyType === 'bytes' ? `\\x${key}` : key;
    const { rows } = await client.query(`select encode(tenantry.encoded_key($1::text::${type}), 'hex') as hex`, [text]);
    expect([key, rows]).toEqual([key, [{ hex }]]);
  }
  await client.end();
});
