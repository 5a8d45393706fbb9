import { expect, test } from 'vitest';
import { compileSql } from '../../../src/core/compile-sql.ts';
import { sql, type Sql } from '../../../src/core/sql.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { catalogExamples, keyExamples, localExamples, serverExamples } from '../../support/by-hand-examples.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { compileGenerated, type GeneratedTsql } from '../../support/generated-tsql.ts';
import { callersStatement } from './callers-statement.ts';
import { caseTexts } from './case-texts.ts';
import { ownTexts } from './own-texts.ts';
import { policyTexts, rowPolicyTexts, renderedTexts } from './policy-texts.ts';
import { procedureTexts } from './procedure-texts.ts';
import { provisioningTexts } from './provisioning-texts.ts';
import { tenantStatements } from './tenant-texts.ts';
import { besideTheShard, attackTexts, triedTexts } from './tried-texts.ts';

describeNeeding('mono', 'T-SQL that the program makes while it runs', () => {
  test("compiles, every statement of it, with Microsoft's compiler", { timeout: 600_000 }, async () => {
    const texts = [
      ...tenantStatements(),
      ...ownTexts(),
      ...policyTexts(),
      ...rowPolicyTexts(),
      ...renderedTexts(),
      ...provisioningTexts(),
      ...caseTexts(),
      ...procedureTexts(),
    ];
    expect(new Set(texts.map(({ name }) => name)).size).toBe(texts.length);
    const { passed, text } = await compileGenerated(texts);
    expect(passed, text).toBe(true);
  });

  test('compiles where the suites for a real server try it', { timeout: 600_000 }, async () => {
    const broken = { name: 'tried and broken', text: 'SELECT FROM' };
    const { text } = await compileGenerated([...triedTexts(), ...(await attackTexts()), broken]);
    // Names of the server's that nothing but these suites uses stand in no list.
    const slips = text.split('\n').filter((line) => line.includes('/tried ') && !line.includes('in the list'));
    const unresolved = slips.map((line) => /(?:unresolved reference to object|reference to the column) (\S+\])/.exec(line)?.[1]);
    expect(slips.filter((_, index) => unresolved[index] === undefined)).toEqual([expect.stringContaining(broken.name)]);
    expect([...new Set(unresolved.filter((name) => name !== undefined && !besideTheShard.test(name)))]).toEqual([]);
  });

  test('compiles where suites for every engine change catalogs and local maps by hand', { timeout: 600_000 }, async () => {
    const examplesOf = (examples: Readonly<Record<string, Sql>>, of = ''): GeneratedTsql[] =>
      Object.entries(examples).map(([name, made]) => callersStatement(`${of}${name}`, compileSql(made, mssqlDialect)));
    const servers = serverExamples.map((made, index) => ({ name: `server ${index}`, text: compileSql(made, mssqlDialect).text }));
    const wrong = callersStatement('wrong', compileSql(sql`select nothing from tenantry.mapping`, mssqlDialect));
    const reports = await Promise.all([
      compileGenerated([...examplesOf(localExamples), ...examplesOf(keyExamples, 'key '), ...servers]),
      compileGenerated([...examplesOf(catalogExamples), wrong], 'catalog'),
    ]);
    // Names of the server's that nothing but these suites uses stand in no list.
    const slips = reports.flatMap(({ text }) => text.split('\n').filter((line) => line.includes('.sql') && !line.includes('in the list')));
    expect(slips).toEqual([expect.stringMatching(/wrong\.sql.*nothing/)]);
  });

  test('is seen to be wrong where a name of it is', { timeout: 600_000 }, async () => {
    const wrong = compileSql(sql`select ${sql.id('NoSuchColumn')} from ${sql.id('dbo', 'Blogs')}`, mssqlDialect);
    const { passed, text } = await compileGenerated([callersStatement('wrong', wrong)]);
    expect(passed).toBe(false);
    expect(text).toContain('NoSuchColumn');
  });
});
