import type { ChangedItem, ChangedSubject, FingerprintObject } from '../policy-renderer.ts';

/** By the first word of an item, the kind of the object that it is the whole of. */
const kinds: Readonly<Record<string, string>> = { policy: 'policy', capture: 'trigger', default: 'default' };

/** `PolicyRenderer.sets`, by how `fingerprint_items` names objects: `public."Blogs" tenantry_tenant`, quoted where a name needs it. */
export function setsObject({ on, item }: ChangedItem, { kind, object }: FingerprintObject): boolean {
  const [word = '', ...rest] = item.split(' ');
  if (kinds[word] !== kind) return false;
  const table = `${on.schema}.${on.table}`;
  const names: Readonly<Record<string, string>> = {
    policy: `${table} ${rest.join(' ')}`,
    trigger: `${table} tenantry_capture_${rest.join(' ')}`,
    default: `${table}.${on.tenantColumn ?? ''}`,
  };
  return unquoted(object) === names[kind];
}

/** `PolicyRenderer.touches`. */
export function touchesObject({ of, object: subject, item }: ChangedSubject, { kind, object }: FingerprintObject, isNew: boolean): boolean {
  const name = unquoted(object);
  const schema = subject.slice(0, subject.indexOf('.'));
  if (item === 'row security') return kind === 'table' && name === subject;
  if (!item.startsWith('rights of ')) return false;
  if (item.endsWith(' on its schema')) return kind === 'schema' && name === schema;
  const sequence = / on sequence (.*)$/.exec(item)?.[1];
  if (sequence !== undefined) return name === `${schema}.${sequence}`;
  if (of === 'procedure') return kind === 'function' && name.startsWith(`${subject}(`);
  if (!isNew) return name === subject && kind === 'rights';
  return name === subject || name.startsWith(`${subject} `) || name.startsWith(`${subject}.`);
}

/** `PolicyRenderer.tableOf`. */
export function tableOf({ kind, object }: FingerprintObject): string {
  const name = unquoted(object);
  // Names may have spaces, the table's as well as the trigger's.
  const at = kind === 'trigger' ? name.indexOf(' tenantry_') : -1;
  return at === -1 ? name : name.slice(0, at);
}

function unquoted(object: string): string {
  return object.replaceAll('"', '');
}
