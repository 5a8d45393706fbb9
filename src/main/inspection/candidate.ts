import type { PolicyConfig } from '../../config/policy-config.ts';
import type { PolicyModel } from '../../config/policy-model.ts';
import type { LivePart } from '../../policy/live-parts.ts';

/** A model kept on a shard, as it was put there. */
export interface KeptModel extends Record<string, unknown> {
  readonly model: string;
}

export const emptyModel: PolicyModel = { context: {}, tables: {}, policies: {} };

/** What a shard's policies may have been made from, by what it says itself: whether it is so is found out by making it again. */
export function candidateModel(parts: readonly LivePart[], kept: readonly KeptModel[], nameOf: (part: LivePart) => string): PolicyModel {
  const pieces = [...kept.map(({ model }) => pieceOf(model)), ...parts.flatMap((part) => tableOf(part, parts, nameOf))];
  const present = new Set(parts.map(nameOf));
  const joined = pieces.reduce(join, emptyModel);
  return { ...joined, tables: Object.fromEntries(Object.entries(joined.tables).filter(([name]) => present.has(name))) };
}

/** Anybody's text: whatever is no model is none. */
function pieceOf(text: string): PolicyModel {
  const read = parsed(text);
  const member = (name: keyof PolicyModel): object => {
    const value: unknown = typeof read === 'object' && read !== null ? Reflect.get(read, name) : undefined;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  };
  const policies = Object.entries(member('policies')).filter(([, policy]) => !namesFile(policy));
  return { context: member('context'), tables: member('tables'), policies: Object.fromEntries(policies) } as PolicyModel;
}

/** JSON nested deeper than this is no policy. */
const mostNested = 64;

/** A kept model has the expressions themselves: a file would be one of this machine, and read. */
function namesFile(said: unknown, nested = 0): boolean {
  if (typeof said !== 'object' || said === null) return false;
  if (nested > mostNested) return true;
  return Object.entries(said).some(([key, value]: [string, unknown]) =>
    key === 'raw' && typeof value === 'object' && value !== null
      ? Object.values(value).some((text) => typeof text === 'string')
      : namesFile(value, nested + 1),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A table without policies beyond the tenant's is known by the tenant's, a reference table by what app may do. */
function tableOf(part: LivePart, parts: readonly LivePart[], nameOf: (part: LivePart) => string): PolicyModel[] {
  if (part.part !== 'table') return [];
  const { tenantColumn, rowSecurity } = part.details;
  if (typeof tenantColumn === 'string') return [{ ...emptyModel, tables: { [nameOf(part)]: { tenant: tenantColumn } } }];
  const isRead = parts.some(
    ({ schema, table, item, details }) =>
      schema === part.schema && table === part.table && item === 'rights of tenantry_app' && details['rights'] === 'select',
  );
  return rowSecurity === 'off' && isRead ? [{ ...emptyModel, tables: { [nameOf(part)]: 'reference' } }] : [];
}

/** A policy on several tables has a piece of each; the first to say something of a name is right, unless it left the parent out. */
function join(model: PolicyModel, piece: PolicyModel): PolicyModel {
  const tables = { ...piece.tables, ...model.tables };
  for (const [name, table] of Object.entries(piece.tables)) if (hasParent(table) && !hasParent(tables[name])) tables[name] = table;
  const policies = { ...model.policies };
  for (const [name, policy] of Object.entries(piece.policies)) {
    const there = Object.hasOwn(policies, name) ? policies[name] : undefined;
    if (there === undefined) policies[name] = policy;
    else if (isSame(there, policy)) policies[name] = { ...there, on: [...new Set([there.on, policy.on].flat())] };
  }
  return { context: { ...piece.context, ...model.context }, tables, policies };
}

function hasParent(table: unknown): boolean {
  return typeof table === 'object' && table !== null && 'parent' in table;
}

/** Whether policies are the same but for their tables. */
function isSame(one: PolicyConfig, other: PolicyConfig): boolean {
  return JSON.stringify({ ...one, on: [] }) === JSON.stringify({ ...other, on: [] });
}

/** A model without what is wrong with it, each by its first two steps, and of a policy the table where it is of that alone. */
export function without(model: PolicyModel, wrong: readonly (readonly string[])[]): PolicyModel {
  const left = {
    context: { ...model.context },
    tables: { ...model.tables },
    policies: { ...model.policies },
  };
  for (const [section, name = '', table] of wrong) {
    if (section === 'context') delete left.context[name];
    if (section === 'tables') delete left.tables[name];
    const policy = section === 'policies' ? left.policies[name] : undefined;
    if (policy === undefined) continue;
    const on = [policy.on].flat().filter((each) => table !== undefined && each !== table);
    if (on.length === 0) delete left.policies[name];
    else left.policies[name] = { ...policy, on };
  }
  for (const [name, policy] of Object.entries(left.policies)) {
    const on = [policy.on].flat().filter((table) => Object.hasOwn(left.tables, table));
    if (on.length === 0) delete left.policies[name];
    else left.policies[name] = { ...policy, on };
  }
  // What nothing was taken from would be wrong for ever.
  return JSON.stringify(left) === JSON.stringify(model) ? emptyModel : left;
}
