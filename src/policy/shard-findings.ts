import { TenantryError } from '../core/errors.ts';
import type { SqlSession } from '../core/session.ts';
import { visible } from '../core/visible.ts';
import { functionProblems, tableProblems, whatHelps } from './findings.ts';
import type { PolicyFinding, ShardTables } from './model.ts';
import type { PolicyEngine } from './policy-engine.ts';
import { procedureFindings } from './procedure-findings.ts';

/** What is found of the configured tables and procedures on a shard, and of functions that are there, however they are protected. */
export type ShardFindings = Readonly<Record<'tables' | 'functions' | 'procedures', readonly PolicyFinding[]>>;

/** Asks each kind, whatever is found of the others. */
export async function shardFindings(session: SqlSession, engine: PolicyEngine, wanted: ShardTables): Promise<ShardFindings> {
  return {
    tables: await tableProblems(session, wanted),
    functions: await functionProblems(session, wanted),
    procedures: await procedureFindings(session, engine, wanted.procedures),
  };
}

/** With which nothing is applied. */
export function refusedAmong(found: readonly PolicyFinding[]): PolicyFinding[] {
  return found.filter(({ severity }) => severity === 'refused');
}

/** Throws INVALID_CONFIGURATION with every reason why what is configured cannot be served as it is, where there is one. */
export function refuseUnfit(found: ShardFindings): void {
  const refused = (['tables', 'functions', 'procedures'] as const).flatMap((what) => {
    const list = refusedAmong(found[what]).map((each) => visible(`${each.object} ${each.text}${whatHelps(each)}`));
    return list.length === 0 ? [] : [`The ${what} of the shard do not fit:\n- ${list.join('\n- ')}`];
  });
  if (refused.length > 0) throw new TenantryError('INVALID_CONFIGURATION', refused.join('\n'));
}
