import type { ChangedItem } from '../policy-renderer.ts';
import type { DifferingObject } from '../verification.ts';

/** `PolicyRenderer.sets`, by how `fingerprint_items` names objects: `dbo.Blogs block after insert`. */
export function setsObject({ on, item }: ChangedItem, { kind, object }: Pick<DifferingObject, 'kind' | 'object'>): boolean {
  const table = `${on.schema}.${on.table}`;
  if (item.startsWith('function ')) return kind === 'function' && object === `tenantry.${item.slice('function '.length)}`;
  switch (item) {
    case 'security policy':
      return kind === 'predicate' && object.startsWith(`${table} `);
    case 'filter predicate':
      return kind === 'predicate' && object === `${table} filter`;
    case 'block predicate':
      return kind === 'predicate' && `${object} `.startsWith(`${table} block `);
    case 'default':
      return kind === 'default' && object === `${table} ${on.tenantColumn ?? ''}`;
    default:
      return false;
  }
}
