import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../../', import.meta.url);
const vectors = JSON.parse(readFileSync(new URL('docs/key-vectors.json', root), 'utf8')) as Record<string, [string, string][]>;

/** As SQL Server casts sixteen bytes to uniqueidentifier: the first three groups little-endian. */
function guidOf(stored: Buffer): string {
  const group = (start: number, end: number): string => Buffer.from([...stored.subarray(start, end)].toReversed()).toString('hex');
  return [group(0, 4), group(4, 6), group(6, 8), stored.subarray(8, 10).toString('hex'), stored.subarray(10).toString('hex')].join('-');
}

describe('tenantry.tenant_of of uuid keys', () => {
  it('puts the bytes of a key where SQL Server stores them', () => {
    const text = readFileSync(new URL('sql/mssql/schema/shard/020-tenant-uuid.sql', root), 'utf8');
    const pieces = [...text.matchAll(/SUBSTRING\(@key, (\d+), (\d+)\)/g)].map(
      ([, start, length]) => [Number(start) - 1, Number(length)] as const,
    );
    expect(pieces).toHaveLength(5);
    const decode = (key: Buffer): string => guidOf(Buffer.concat(pieces.map(([start, length]) => key.subarray(start, start + length))));
    const uuids = vectors['uuid'] ?? [];
    expect(uuids.length).toBeGreaterThan(3);
    for (const [uuid, encoded] of uuids) expect(decode(Buffer.from(encoded, 'hex'))).toBe(uuid);
  });
});
