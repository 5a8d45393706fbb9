import { compileSql } from '../../src/core/compile-sql.ts';
import { sql, type Sql } from '../../src/core/sql.ts';
import { postgresDialect } from '../../src/engine/postgres/postgres-dialect.ts';
import type { Bench, Figure } from './harness/bench.ts';
import { callers, interleave, type Side } from './harness/interleave.ts';
import { kinds, type Kind } from './predicates/kinds.ts';
import { PredicateWorld, samplesPerTenant, tenants, valuesOf } from './predicates/world.ts';

/** Statements of a program; `also` is what a hand-written one says besides. */
const statements: Readonly<Record<string, (table: Sql, kind: Kind, also: Sql) => Sql>> = {
  'one row by its key': (table, { seen }, also) => sql`select "Id", "Payload" from ${table} where "Id" = ${seen}${also}`,
  'a page of a project': (table, { seen }, also) =>
    sql`select "Id", "Payload" from ${table} where "ProjectId" = ${seen}${also} order by "Id" limit 20`,
  'a count of all that is seen': (table, _, also) => sql`select count(*)::integer as n from ${table} where "Id" >= 0${also}`,
};

/** What a policy costs against the same condition in the statement's own `where`. */
export const bench: Bench = {
  title: `Predicates on ${samplesPerTenant.toLocaleString('en')} rows of each of ${tenants} tenants, as policies and by hand`,
  async run(report) {
    const world = await PredicateWorld.start();
    try {
      for (const whether of ['without', 'with'] as const) {
        await world.index(whether);
        for (const kind of kinds) {
          await world.apply(kind);
          for (const statement of Object.keys(statements)) report(await compare(world, kind, statement, whether));
        }
      }
    } finally {
      await world.close();
    }
  },
};

async function compare(world: PredicateWorld, kind: Kind, statement: string, whether: 'with' | 'without'): Promise<Figure> {
  const text = statements[statement];
  if (text === undefined) throw new Error(`There is no statement ${statement}.`);
  const policy = ask(world, kind, text(sql.id('Samples'), kind, sql``));
  const byHand = ask(world, kind, text(sql.id('ByHand'), kind, sql` and ${kind.byHand}`));
  const [ours, theirs] = [JSON.stringify(await policy()), JSON.stringify(await byHand())];
  if (ours !== theirs || ours === '[]') throw new Error(`${kind.name}, ${statement}: the answers differ, or there is none.`);
  const sides: readonly Side[] = [callers('policy', 1, policy), callers('by hand', 1, byHand)];
  const measured = await interleave(sides, { sliceMs: 50 });
  return measured.figure(`${kind.name}: ${statement}, ${whether} indexes: policy / by hand`, 'policy', 'by hand', { atLeast: 0.9 });
}

function ask(world: PredicateWorld, kind: Kind, statement: Sql): () => Promise<readonly unknown[]> {
  const compiled = compileSql(statement, postgresDialect);
  const options = { readOnly: true, timeoutMs: 10_000, contextValues: valuesOf(kind) };
  return async () => (await world.connection.execute(world.entry, compiled, options)).rows;
}
