import { globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keyTypes } from '../../src/core/key-type.ts';
import { catalogSchemaFiles, shardSchemaFiles } from '../../src/engine/schema-files.ts';
import type { TsqlModel } from './compiler.ts';

const given = (name: string): string => fileURLToPath(new URL(`given/${name}.sql`, import.meta.url));

/** The databases that the library of a folder such as `sql/mssql` makes: a catalog, and a shard for each type of keys. */
export function libraryModels(library: string): TsqlModel[] {
  const file = (name: string): string => join(library, `${name}.sql`);
  const files = (pattern: string): string[] =>
    globSync(pattern, { cwd: library })
      .toSorted()
      .map((name) => join(library, name));
  const catalog: TsqlModel = {
    name: 'catalog',
    schema: catalogSchemaFiles.map(file),
    queries: files('queries/catalog/*.sql'),
  };
  const shards = keyTypes.map((keyType): TsqlModel => {
    const own = shardSchemaFiles(keyType, keyType === 'bytes' ? 'plain' : 'guarded', false).map(file);
    if (keyType !== 'int') return { name: `shard of ${keyType}`, schema: [given('shard'), ...own] };
    return {
      name: 'shard of int',
      schema: [given('shard'), ...files('schema/bootstrap/*.sql'), ...own, given('int-tables')],
      queries: files('queries/!(catalog)/*.sql'),
    };
  });
  return [catalog, ...shards];
}
