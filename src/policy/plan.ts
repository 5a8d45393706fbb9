import { z } from 'zod';
import { digest } from '../core/digest.ts';
import { TenantryError } from '../core/errors.ts';
import type { PolicyFinding } from './model.ts';

const changedItem = {
  item: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  statements: z.array(z.string()).readonly(),
};

const change = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('set'), of: z.enum(['table', 'procedure']), object: z.string(), ...changedItem }),
  z.strictObject({ kind: z.enum(['accept', 'renew']), of: z.literal('shard'), object: z.null(), ...changedItem }),
]);

const plannedShard = z.strictObject({
  name: z.string(),
  shardId: z.string(),
  incarnation: z.string(),
  /** `PolicyResult.state` of what the change was made from. */
  state: z.string(),
  changes: z.array(change).readonly(),
  /** What the policies cannot mend by themselves, with reasons. */
  warnings: z.array(z.custom<PolicyFinding>((found) => typeof found === 'object' && found !== null)).readonly(),
});

const policyPlan = z.strictObject({
  format: z.literal('tenantry policy plan 1'),
  /** Of the program. */
  version: z.string(),
  map: z.string(),
  madeAt: z.string(),
  /** A digest of what the configuration says of tables and policies. */
  configuration: z.string(),
  shards: z.array(plannedShard).readonly(),
  /** Of everything above. */
  digest: z.string(),
});

/** What is to be done on each shard of a fleet, statement by statement, as a file that is looked at before it is applied. */
export type PolicyPlan = z.infer<typeof policyPlan>;

/** What is planned for one shard. */
export type PlannedShard = PolicyPlan['shards'][number];

/** Who makes a plan, and may apply it. */
export type PlanOrigin = Pick<PolicyPlan, 'version' | 'map' | 'configuration'>;

/** A plan as it is written to a file. */
export function makePlan(origin: PlanOrigin, madeAt: Date, shards: readonly PlannedShard[]): PolicyPlan {
  const { version, map, configuration } = origin;
  const plan = {
    format: 'tenantry policy plan 1',
    version,
    map,
    madeAt: madeAt.toISOString(),
    configuration,
    shards: [...shards],
  } as const;
  return { ...plan, digest: digest(plan) };
}

/** Reads a plan's file. Throws INVALID_REQUEST where it is none, or was changed since it was written; `path` is for messages. */
export function readPlan(text: string, path: string): PolicyPlan {
  const parsed = policyPlan.safeParse(jsonOf(text, path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(path, `is no plan of this program: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  const { digest: written, ...plan } = parsed.data;
  if (digest(plan) !== written) throw refused(path, 'was changed after it was written');
  return parsed.data;
}

/** What the file of a plan begins with, whatever its version is and whoever has edited it. */
const anyPlan = z.looseObject({ format: z.string().startsWith('tenantry policy plan ') });

/** Whether nothing but a plan is lost where a plan is written in place of this text. */
export function isReplaceable(text: string): boolean {
  if (text === '') return true;
  try {
    return anyPlan.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

/** Throws CONFLICT where a plan was made by another program, from another configuration, or for another fleet than this. */
export function requireFitting(
  plan: PolicyPlan,
  path: string,
  origin: PlanOrigin,
  fleet: readonly Pick<PlannedShard, 'name' | 'shardId' | 'incarnation'>[],
): void {
  const differing = (what: string, planned: string, present: string): string[] =>
    planned === present ? [] : [`is of ${what} ${planned}, and this is ${present}`];
  const problems = [
    ...differing('version', plan.version, origin.version),
    ...differing('map', plan.map, origin.map),
    ...(plan.configuration === origin.configuration ? [] : ['was made from another configuration of tables and policies']),
    ...plan.shards.flatMap(({ name, shardId, incarnation }) => {
      const present = fleet.find((shard) => shard.shardId === shardId);
      if (present === undefined || present.name !== name) return [`has a shard ${name} (${shardId}), and the map has none`];
      return present.incarnation === incarnation ? [] : [`is of another server of shard ${name} than it has now`];
    }),
  ];
  if (problems.length > 0)
    throw new TenantryError(
      'CONFLICT',
      `The plan ${path} does not fit: it ${problems.join('; it ')}. Make another one: tenantry policy plan.`,
    );
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused(path, 'is no JSON', cause);
  }
}

function refused(path: string, why: string, cause?: unknown): TenantryError {
  return new TenantryError('INVALID_REQUEST', `The file ${path} ${why}. Make another one: tenantry policy plan.`, { cause });
}
