import type { PolicyModel } from '../../config/policy-model.ts';
import { readPolicyModel } from '../../config/read-policy-model.ts';
import type { KeyType } from '../../core/key-type.ts';
import type { SqlSession } from '../../core/session.ts';
import { isPartOfAnother, type PolicyItem, type PolicyTable } from '../../engine/policy-renderer.ts';
import { configuredName, qualifiedTables } from '../../engine/qualified-tables.ts';
import { compare, type TableDifference } from '../../policy/diff.ts';
import type { LivePart } from '../../policy/live-parts.ts';
import type { PolicyEngine } from '../../policy/policy-engine.ts';
import { candidateModel, emptyModel, without, type KeptModel } from './candidate.ts';

/** What of a database is as the program would make it. */
export interface Recognised {
  readonly model: PolicyModel;
  /** Whether the model says a part. */
  readonly says: (part: LivePart) => boolean;
  /** What makes all that the model says, table by table. */
  readonly wanted: readonly PolicyItem[];
}

/** Of a database that is not known to be a shard. */
export const nothingRecognised: Recognised = { model: emptyModel, says: () => false, wanted: [] };

/**
 * The model that a shard's policies were made from, as far as the policies are what it makes: what differs by anything is left out, and
 * what rests on it.
 */
export async function recognise(
  session: SqlSession,
  { renderer, dialect }: PolicyEngine,
  parts: readonly LivePart[],
  keyType: KeyType,
): Promise<Recognised> {
  const kept = (await session.run<KeptModel>('policy/models')).rows;
  let model = candidateModel(parts, kept, (part) => configuredName(part, dialect));
  for (;;) {
    const read = readPolicyModel(model);
    if ('problems' in read) {
      model = without(model, read.problems);
      continue;
    }
    const wanted = { tables: qualifiedTables(read.tables, dialect), procedures: [], keyType };
    const { tables, pending } = await compare(session, renderer, wanted);
    const itemsOf = (table: PolicyTable): readonly PolicyItem[] => renderer.wanted(table, keyType, tables);
    const wrong = pending.flatMap((difference) =>
      difference.of === 'table' ? wrongBy(difference, itemsOf, configuredName(difference.on, dialect)) : [],
    );
    if (wrong.length > 0 && model !== emptyModel) {
      model = without(model, wrong);
      continue;
    }
    const differing = new Set(pending.map(({ object, item }) => `${object} ${item}`));
    const said = new Set(tables.flatMap((table) => itemsOf(table).map(({ item }) => `${table.schema}.${table.table} ${item}`)));
    return {
      model: tidy(model),
      says: ({ schema, table, item }) => {
        const key = `${schema}.${table} ${item ?? ''}`;
        return item !== null && said.has(key) && !differing.has(key);
      },
      wanted: tables.flatMap(itemsOf),
    };
  }
}

/** What a model says and is not there so. What is there besides is no fault of the model's; nor is a part, which it does not name. */
function wrongBy({ on, item, after }: TableDifference, itemsOf: (table: PolicyTable) => readonly PolicyItem[], name: string): string[][] {
  if (after === null || item === 'model' || isPartOfAnother(on)) return [];
  const bare = new Map(itemsOf({ ...on, policies: [] }).map((each) => [each.item, each.definition]));
  const owning = on.policies.filter((policy) =>
    itemsOf({ ...on, policies: [policy] }).some((each) => each.item === item && bare.get(item) !== each.definition),
  );
  return owning.length === 0 ? [['tables', name]] : owning.map((policy) => ['policies', policy.name, name]);
}

/** In an order that does not tell what was found first, without values that nothing names any more. */
function tidy({ context, tables, policies }: PolicyModel): PolicyModel {
  const sorted = <Value>(values: Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(Object.entries(values).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  const named = JSON.stringify(policies);
  return {
    context: sorted(Object.fromEntries(Object.entries(context).filter(([name]) => named.includes(JSON.stringify(name))))),
    tables: sorted(tables),
    policies: sorted(
      Object.fromEntries(Object.entries(policies).map(([name, policy]) => [name, { ...policy, on: [policy.on].flat().toSorted() }])),
    ),
  };
}
