import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { schemaVersions } from '../../../src/core/schema-version.ts';

const schema = (engine: string, kind: string): URL => new URL(`../../../sql/${engine}/schema/${kind}/`, import.meta.url);

/** Of every statement in a schema's files; comments and lines are no part of it. */
function digestOf(engine: string, kind: string): string {
  const digest = createHash('sha256');
  for (const file of readdirSync(schema(engine, kind)).toSorted()) {
    const statements = readFileSync(new URL(file, schema(engine, kind)), 'utf8').replaceAll(/^\s*--.*$/gm, '');
    digest.update(`${file}\n${statements.replaceAll(/\s+/g, ' ')}\n`);
  }
  return digest.digest('hex').slice(0, 16);
}

/** What each version is: a database that was made by other files is refused by its number alone. */
const made = {
  catalog: { version: 3, postgres: 'edddfc27277b4acf', mssql: '56f64fb6b2139219' },
  shard: { version: 3, postgres: '787196ac9e81845b', mssql: 'dd9ec02336363638' },
} as const;

test.each(['catalog', 'shard'] as const)('the schema of a %s has the version of what its files make', (kind) => {
  const found = { version: schemaVersions[kind], postgres: digestOf('postgres', kind), mssql: digestOf('mssql', kind) };
  expect(found, `sql/*/schema/${kind} has changed: raise the version, then write the new digest`).toEqual(made[kind]);
});

test.each(['postgres', 'mssql'])('the files of %s write the versions that the program works with', (engine) => {
  for (const kind of ['catalog', 'shard'] as const) {
    const text = readFileSync(new URL('001-schema.sql', schema(engine, kind)), 'utf8');
    expect(/insert into \S+ \(\S+\) values \((\d+)\)/i.exec(text)?.[1]).toBe(String(schemaVersions[kind]));
  }
});
