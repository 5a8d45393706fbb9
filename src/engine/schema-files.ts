import type { ContextProtection } from '../core/context-protection.ts';
import type { KeyType } from '../core/key-type.ts';

/** The scripts that make what watches a shard. */
export const watchingFiles: readonly string[] = ['004-acceptance', '060-fingerprint', '070-watching'].map((name) => `schema/shard/${name}`);

/**
 * The scripts that make a database a shard, in the order in which one transaction runs them (`SqlSession.script`): the same
 * names on every engine. `keyType` is the map's; what it decides is the type of `tenantry.current_tenant()`. Where the watching was made
 * when the server was provisioned (`watchesApart`), its scripts are not among them.
 */
export function shardSchemaFiles(keyType: KeyType, protection: ContextProtection, watchesApart: boolean): readonly string[] {
  const files = allShardFiles(keyType, protection);
  return watchesApart ? files.filter((file) => !watchingFiles.includes(file)) : files;
}

function allShardFiles(keyType: KeyType, protection: ContextProtection): readonly string[] {
  return [
    '001-schema',
    '002-local-mapping',
    '003-operation-fence',
    '004-acceptance',
    `010-context-${protection}`,
    `020-tenant-${keyType}`,
    '030-enter',
    '040-context-values',
    ...(protection === 'mac' ? ['045-context-mac'] : []),
    '050-policies',
    '055-capture',
    '060-fingerprint',
    '070-watching',
  ].map((name) => `schema/shard/${name}`);
}

/** The scripts that make an empty database a catalog, in the order in which one transaction runs them. */
export const catalogSchemaFiles: readonly string[] = [
  '001-schema',
  '002-shard-map',
  '003-operation',
  '004-shard',
  '005-mapping',
  '006-catalog-server',
  '007-audit',
  '008-verdict',
  '009-fleet-key',
].map((name) => `schema/catalog/${name}`);
