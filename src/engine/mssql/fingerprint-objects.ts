import type { ChangedItem, ChangedSubject, FingerprintObject } from '../policy-renderer.ts';

/** `PolicyRenderer.sets`, by how `fingerprint_items` names objects: `dbo.Blogs block after insert`. */
export function setsObject({ on, item }: ChangedItem, { kind, object }: FingerprintObject): boolean {
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

/** `PolicyRenderer.touches`. */
export function touchesObject({ of, object: subject, item }: ChangedSubject, { kind, object }: FingerprintObject, isNew: boolean): boolean {
  if (item === 'change tracking') return kind === 'table' && object === subject;
  if (!item.startsWith('rights of ')) return false;
  if (item.endsWith(' on its schema')) return kind === 'rights' && object === `schema ${subject.slice(0, subject.indexOf('.'))}`;
  const isOfProcedure = kind === 'procedure' || kind === 'function';
  if (object === subject) return isNew || kind === 'rights' || (of === 'procedure' && isOfProcedure);
  return isNew && object.startsWith(`${subject} `);
}

/** `PolicyRenderer.tableOf`: names stand there as they are, and Tenantry makes no trigger on a table. */
export function tableOf({ object }: FingerprintObject): string {
  return object;
}
