import type { ChangedItem } from '../policy-renderer.ts';
import type { DifferingObject } from '../verification.ts';

/** By the first word of an item, the kind of the object that it is the whole of. */
const kinds: Readonly<Record<string, string>> = { policy: 'policy', capture: 'trigger', default: 'default' };

/** `PolicyRenderer.sets`, by how `fingerprint_items` names objects: `public."Blogs" tenantry_tenant`, quoted where a name needs it. */
export function setsObject({ on, item }: ChangedItem, { kind, object }: Pick<DifferingObject, 'kind' | 'object'>): boolean {
  const [word = '', ...rest] = item.split(' ');
  if (kinds[word] !== kind) return false;
  const table = `${on.schema}.${on.table}`;
  const names: Readonly<Record<string, string>> = {
    policy: `${table} ${rest.join(' ')}`,
    trigger: `${table} tenantry_capture_${rest.join(' ')}`,
    default: `${table}.${on.tenantColumn ?? ''}`,
  };
  return object.replaceAll('"', '') === names[kind];
}
