import type { Clock } from '../core/clock.ts';
import { TenantryError } from '../core/errors.ts';
import type { SqlDatabase, SqlSession } from '../core/session.ts';
import { compileSql } from '../core/compile-sql.ts';
import type { SqlDialect } from '../core/sql.ts';
import { differences, type Difference } from './diff.ts';
import { lockPolicies } from './lock.ts';
import type { ShardTables } from './model.ts';
import type { PolicyEngine } from './policy-engine.ts';

/** How long the change of one table may take, its waits for tenants among it: whoever comes meanwhile waits behind it. */
const budgetMs = 5_000;

/**
 * Sets what differs on one table after another; gives what was changed. Throws INVALID_CONFIGURATION, with all of it, for what admin may
 * not set: such a table stays as it was, and every other one is done. Parts come first, and no table is opened to tenants while a
 * part is not as it must be: they could reach its rows beside the policies.
 */
export async function changeTables(
  shard: SqlDatabase,
  engine: PolicyEngine,
  tables: ShardTables,
  pending: readonly Difference[],
  clock: Clock,
): Promise<Difference[]> {
  const changed: Difference[] = [];
  const left: Difference[] = [];
  for (const [name, isPart] of new Map(pending.map((difference) => [difference.table, difference.isPart]))) {
    if (!isPart && left.some((difference) => difference.isPart)) break;
    try {
      changed.push(...(await shard.transaction((session) => changeTable(session, engine, tables, name, clock))));
    } catch (error) {
      if (!(error instanceof Unmet)) throw inTable(error, name, new Set(changed.map(({ table }) => table)));
      left.push(...error.left);
    }
  }
  if (left.length > 0) throw refusal(left, engine.dialect);
  return changed;
}

/** What stays as it was although every statement was accepted: a server may only warn of rights that are not the admin's to give. */
class Unmet extends Error {
  readonly left: readonly Difference[];

  constructor(left: readonly Difference[]) {
    super('Admin may not set all of it.');
    this.left = left;
  }
}

/** All of one table's differences as they are now, or none. */
async function changeTable(
  session: SqlSession,
  { renderer }: PolicyEngine,
  tables: ShardTables,
  name: string,
  clock: Clock,
): Promise<Difference[]> {
  await lockPolicies(session);
  const pending = await differences(session, renderer, tables, name);
  const end = clock.now() + budgetMs;
  for (const statement of pending.flatMap(({ statements }) => statements)) {
    const left = Math.floor(end - clock.now());
    if (left <= 0) throw new TenantryError('TIMEOUT', `The change took more than ${budgetMs} ms and was undone.`);
    await session.query(renderer.patiently(statement, left));
  }
  const left = pending.length === 0 ? [] : await differences(session, renderer, tables, name);
  if (left.length > 0) throw new Unmet(left);
  return pending;
}

function refusal(left: readonly Difference[], dialect: SqlDialect): TenantryError {
  const list = left.map(({ table, item, byAdministrator }) => {
    const texts = byAdministrator.map((statement) => compileSql(statement, dialect).text);
    return `${item} (${table}): ${texts.join('; ')};`;
  });
  return new TenantryError('INVALID_CONFIGURATION', `The admin login may not set these; an administrator must:\n- ${list.join('\n- ')}`);
}

/** Which table it was, where time or a deadlock is what kept it from being changed, and what is done already. */
function inTable(error: unknown, name: string, done: ReadonlySet<string>): unknown {
  if (!(error instanceof TenantryError) || !error.retryable) return error;
  const before = done.size === 0 ? 'Nothing else was changed' : `Done before it: ${[...done].join(', ')}`;
  const detail = `${name} is in use and could not be changed: ${error.reason} ${before}; run it again.`;
  return new TenantryError(error.code, detail, { cause: error, outcome: error.outcome });
}
