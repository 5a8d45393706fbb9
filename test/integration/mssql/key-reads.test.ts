import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { servedBlogs } from './support/data-api.ts';
import { manyRows, planOf } from './support/plans.ts';
import { createWorld, type World } from './support/world.ts';

const bothColumns = ['TenantId', 'BlogId'];
/** Levels of an index on some tens of thousands of rows, and what looking at a row may take besides. */
const fewPages = 12;
const { table, statements } = servedBlogs();
const name = table.columns.get('Name')!;

/** What docs/decisions/012-key-reads.md takes for granted of plans. */
describeNeeding('mssql', 'Reading a row by its key on SQL Server itself', () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld(manyRows);
  });
  afterAll(async () => await world?.close());

  test.each([
    ['a row', statements.find([1_500])],
    ['a change', statements.update([1_501], new Map([[name, 'changed']]))],
    ['a removal', statements.remove([1_502])],
  ])('%s of the data API seeks tenant and key, and reads a few pages of the tenant', async (_, statement) => {
    const plan = await planOf(world, statement);
    expect(plan.sought).toContainEqual(bothColumns);
    expect(plan.operators.filter((operator) => operator.endsWith('Scan') && operator !== 'Constant Scan')).toEqual([]);
    expect(plan.logicalReads).toBeGreaterThan(0);
    expect(plan.logicalReads).toBeLessThanOrEqual(fewPages);
  });

  test.each([
    ['the first', statements.list(51, undefined)],
    ['one amid the tenant', statements.list(51, [20_000])],
  ])('%s page of the data API begins at its place in the index, and nothing is sorted', async (_, statement) => {
    const plan = await planOf(world, statement);
    expect(plan.sought).toContainEqual(['TenantId']);
    expect(plan.operators).not.toContain('Sort');
    expect(plan.logicalReads).toBeLessThanOrEqual(fewPages);
  });

  test("a service's statement that names the tenant seeks both; one that leaves it to the policy reads the tenant", async () => {
    const named = await planOf(world, sql`SELECT b.[Name] FROM [dbo].[Blogs] AS b WHERE b.[TenantId] = ${1} AND b.[BlogId] = ${1_500}`);
    const unnamed = await planOf(world, sql`SELECT b.[Name] FROM [dbo].[Blogs] AS b WHERE b.[BlogId] = ${1_500}`);
    expect(named.sought).toContainEqual(bothColumns);
    expect(named.logicalReads).toBeLessThanOrEqual(fewPages);
    expect(unnamed.sought).not.toContainEqual(bothColumns);
    expect(unnamed.logicalReads).toBeGreaterThan(100);
  });

  test('a unique index with the key before the tenant is sought without naming the tenant', async () => {
    await world.root.query(sql`CREATE UNIQUE INDEX [Blogs_by_id] ON [dbo].[Blogs] ([BlogId], [TenantId]) INCLUDE ([Name])`);
    const plan = await planOf(world, sql`SELECT b.[Name] FROM [dbo].[Blogs] AS b WHERE b.[BlogId] = ${1_500}`);
    expect(plan.sought).toContainEqual(['BlogId']);
    expect(plan.logicalReads).toBeLessThanOrEqual(fewPages);
  });

  test('naming another tenant shows none of its rows, and changes none', async () => {
    const foreign = await world.asTenant(1, (session) => session.query(sql`SELECT * FROM [dbo].[Blogs] WHERE [TenantId] = ${2}`));
    expect(foreign.rows).toEqual([]);
    const changed = await world.asTenant(1, (session) => session.query(sql`DELETE FROM [dbo].[Blogs] WHERE [TenantId] = ${2}`));
    expect(changed.rowCount).toBe(0);
  });
});
