import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyTypes, tenantKeyFromText, type KeyType } from '../../../shardmap/key.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { compileSql } from '../../../src/core/compile-sql.ts';
import type { Sql, SqlValue } from '../../../src/core/sql.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import type { Entry } from '../../../src/engine/entry.ts';
import { createEngines, engineOf, type FullEngine } from '../../../src/main/engines.ts';
import { installShard } from '../../../src/policy/install.ts';
import { purgeRows } from '../../../src/policy/purge.ts';
import { groundTables, type GroundServer } from '../../support/grounds/engine-ground.ts';
import { loginsOf } from '../../support/grounds/logins.ts';
import { describeOnEachEngine } from '../../support/grounds/map-grounds.ts';
import { keyStatements } from '../../support/key-statements.ts';
import { localByHand } from '../../support/shard-map-by-hand.ts';
import { accepting } from '../../support/accepting.ts';
import { expectationsOf } from '../../support/shard-expectations.ts';

type Vector = readonly [text: string, encoding: string];
const vectors = JSON.parse(readFileSync(new URL('../../../docs/key-vectors.json', import.meta.url), 'utf8')) as Record<KeyType, Vector[]>;

/** A tenant's id as a parameter of a statement. */
const values: Readonly<Record<KeyType, (text: string) => SqlValue>> = {
  int: Number,
  bigint: BigInt,
  uuid: (text) => text,
  string: (text) => text,
  bytes: (text) => Buffer.from(text, 'hex'),
};

/** A value of a tenant column as its canonical text. */
function textOf(value: unknown, keyType: KeyType): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return keyType === 'uuid' ? String(value).toLowerCase() : String(value);
}

describeOnEachEngine('keys', (ground) => {
  let server: GroundServer;
  beforeAll(async () => {
    server = await ground.start();
  });
  afterAll(() => server?.stop());

  describe.each(keyTypes)('of type %s', (keyType) => {
    const known = vectors[keyType];
    const entries = known.map(([text], index): Entry => ({
      mappingId: index + 1,
      key: tenantKeyFromText(keyType, text).bytes,
      epoch: 1,
      token: randomBytes(16),
    }));
    let engine: FullEngine;
    let admin: SqlDatabase;
    let reports: SqlDatabase;
    let connection: EngineConnection;

    const run = async (entry: Entry, statement: Sql, readOnly = true) =>
      (await connection.execute(entry, compileSql(statement, connection.dialect), { readOnly, timeoutMs: 10_000 })).rows;
    // By their blogs: the program's own work reads no 64-bit integers beyond those of a number.
    const tenantsLeft = async (database = admin): Promise<string[]> =>
      (await database.query<{ blog: number }>(keyStatements.blogs())).rows.map(({ blog }) => known[blog - 1]![0]);

    beforeAll(async () => {
      const address = await server.createDatabase(`keys_${keyType}`);
      await server.prepareShard(address, keyType);
      engine = engineOf(createEngines(), address);
      const logins = loginsOf(address);
      admin = engine.open(address, logins.admin);
      reports = engine.open(address, logins.superuser);
      const shardId = randomUUID();
      await installShard(admin, engine, {
        tables: groundTables,
        procedures: [],
        accepting: accepting(shardId),
        keyType,
        contextProtection: 'guarded',
      });
      await admin.query(keyStatements.identify(shardId, keyType));
      for (const { mappingId, key, epoch, token } of entries)
        await admin.query(localByHand.add({ mappingId, low: key, state: 'ONLINE', epoch, token }));
      const { incarnation } = (await admin.run<{ incarnation: string }>('engine/incarnation')).rows[0]!;
      const tables = groundTables.map((table) => ({ ...table, name: table.table }));
      connection = await engine.connect(address, logins.app, expectationsOf({ shardId, incarnation }, { tables }));
    });
    afterAll(async () => {
      await connection?.close();
      await Promise.all([admin, reports].map((database) => database?.close()));
    });

    it('are the tenants of their encodings', async () => {
      const seen: string[] = [];
      for (const entry of entries) seen.push(textOf((await run(entry, keyStatements.currentTenant()))[0]?.['tenant'], keyType));
      expect(seen).toEqual(known.map(([text]) => text));
    });

    it("let each tenant write and see its own rows, and no other tenant's", async () => {
      for (const entry of entries) await run(entry, keyStatements.addOwn(entry.mappingId), false);
      for (const [index, entry] of entries.entries()) {
        const rows = await run(entry, keyStatements.own());
        expect(rows.map(({ tenant, blog }) => [textOf(tenant, keyType), blog])).toEqual([[known[index]![0], entry.mappingId]]);
      }
      const other = values[keyType](known.at(-1)![0]);
      await expect(run(entries[0]!, keyStatements.addFor(other, 99), false)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      expect(await run(entries[0]!, keyStatements.of(other))).toEqual([]);
      expect(new Set(await tenantsLeft(reports))).toEqual(new Set(known.map(([text]) => text)));
    });

    it('have the order of their encodings where a range of tenants is purged', async () => {
      expect(new Set(await tenantsLeft())).toEqual(new Set(known.map(([text]) => text)));
      const [low, high] = [entries[1]!.key, entries.at(-2)!.key];
      const purge = { tables: groundTables, keyType, keys: { kind: 'range', low, high }, limit: 1_000 } as const;
      const purged = await admin.transaction((session) => purgeRows(session, engine, purge));
      const stay = [known[0]!, known.at(-2)!, known.at(-1)!].map(([text]) => text);
      expect([purged, new Set(await tenantsLeft())]).toEqual([known.length - stay.length, new Set(stay)]);
      await admin.transaction((session) => purgeRows(session, engine, { ...purge, keys: { kind: 'point', low: entries[0]!.key } }));
      expect(new Set(await tenantsLeft())).toEqual(new Set(stay.slice(1)));
    });

    // Any bytes are a key of bytes.
    const strangeKeys = keyType === 'bytes' ? [] : [keyType];
    it.each(strangeKeys)("that are no %s are nobody's", async () => {
      const strange = randomBytes(keyType === 'string' ? 128 : 3);
      strange[0] = 0xff;
      const wrong: Entry = { mappingId: 900, key: strange, epoch: 1, token: randomBytes(16) };
      await admin.query(localByHand.add({ mappingId: 900, low: wrong.key, state: 'ONLINE', epoch: 1, token: wrong.token }));
      const seen = await run(wrong, keyStatements.own()).then(
        (rows) => rows,
        () => [],
      );
      expect(seen).toEqual([]);
      await admin.query(localByHand.delete(900));
    });
  });
});
