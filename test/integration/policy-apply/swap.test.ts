import { afterAll, beforeAll, expect, it } from 'vitest';
import { sql, sqlText } from '../../../src/core/sql.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import { compiled, entryOf, read, startAppShard, write, type AppShard } from '../../support/app-shard.ts';
import { blogs, postgresPolicies } from '../../support/policy-shard.ts';
import { accepting } from '../../support/accepting.ts';
import { applyDespiteLeaks } from '../../support/apply-despite-leaks.ts';

const tenants = [1, 2];
const replacements = 40;
let ground: AppShard;

beforeAll(async () => {
  ground = await startAppShard();
  return () => ground.close();
});

it('shows no tenant a row of another, and none less, while policies are replaced', async () => {
  const { shard } = ground;
  const connections = await Promise.all(
    tenants.flatMap((tenant) => [tenant, tenant]).map(async (tenant) => ({ tenant, connection: await ground.connect() })),
  );
  afterAll(() => Promise.all(connections.map(({ connection }) => connection.close())));
  for (const { tenant, connection } of connections) {
    for (const id of [1, 2, 3]) {
      const insert = sql`insert into "Blogs" ("BlogId", "Name") values (${id}, 'x') on conflict do nothing`;
      await connection.execute(entryOf(tenant), compiled(insert), write);
    }
  }
  const done = new AbortController();
  const seen = new Map<string, number>();
  const readOn = async (tenant: number, connection: EngineConnection): Promise<void> => {
    while (!done.signal.aborted) {
      const { rows } = await connection.execute(entryOf(tenant), compiled(sql`select "TenantId" as tenant from "Blogs" order by 1`), read);
      const answer = `${tenant}: ${rows.map((row) => row['tenant']).join(' ')}`;
      seen.set(answer, (seen.get(answer) ?? 0) + 1);
    }
  };
  const reading = Promise.all(connections.map(({ tenant, connection }) => readOn(tenant, connection)));
  for (let made = 0; made < replacements; made += 1) {
    // Means the same in other words, and is replaced for it.
    await shard.root.query(
      sqlText('alter policy tenantry_tenant on "Blogs" using ("TenantId" = (select tenantry.current_tenant()) and true)'),
    );
    const { changes } = await applyDespiteLeaks(shard.admin, postgresPolicies, {
      tables: [blogs],
      procedures: [],
      accepting: accepting(shard.shardId),
      keyType: 'int',
      dryRun: false,
    });
    expect(changes.filter(({ kind }) => kind !== 'accept').map(({ item }) => item)).toEqual(['policy tenantry_tenant']);
  }
  done.abort();
  await reading;
  expect([...seen.keys()].toSorted()).toEqual(['1: 1 1 1', '2: 2 2 2']);
  for (const times of seen.values()) expect(times).toBeGreaterThan(replacements);
});
