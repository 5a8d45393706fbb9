import { compileSql } from '../../../src/core/compile-sql.ts';
import { sql } from '../../../src/core/sql.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { mssqlSamples } from '../../../src/engine/mssql/sample-words.ts';
import { mssqlScratch } from '../../../src/engine/mssql/scratch.ts';
import { CaseStatements } from '../../../src/policy/cases/case-statements.ts';
import { typed } from '../../../src/policy/cases/converted-values.ts';
import type { GeneratedTsql } from '../../support/generated-tsql.ts';
import { callersStatement } from './callers-statement.ts';

/** What cases say, over Blogs. */
export function caseTexts(): GeneratedTsql[] {
  const columns = new Map(['TenantId', 'BlogId'].map((name) => [name, { name, type: 'int' }])).set('Name', {
    name: 'Name',
    type: 'nvarchar(400)',
  });
  const named = { name: 'Blogs', schema: 'dbo', table: 'Blogs' };
  const blogs = { ...named, tenantColumn: 'TenantId', columns, key: ['TenantId', 'BlogId'] };
  const shared = { ...named, columns, key: ['TenantId', 'BlogId'] };
  const fixtures = [
    {
      table: named,
      rows: [
        { TenantId: 3, BlogId: 1 },
        { TenantId: 3, BlogId: 2 },
      ],
      at: [],
    },
  ];
  const ofTenants = new CaseStatements({ file: 'own', tenants: ['acme', 'globex'], fixtures: [], cases: [] }, (tenant) => tenant.length);
  const ofEverybody = new CaseStatements({ file: 'own', tenants: ['acme'], fixtures, cases: [] }, (tenant) => tenant.length);
  const row = ['TenantId', 'BlogId', 'Name'].map((name) => ({
    column: { name, type: 'int', base: 'int', needed: true, key: false, required: true, identity: false, generated: false },
    value: sql`CAST(${1} AS int)`,
  }));
  const [upsert = sql``] = mssqlSamples.upserts(sql.id('dbo', 'Blogs'), row, blogs.key, ['Name']).map(({ statement }) => statement);
  const made = {
    'case select': ofTenants.select(blogs, { Name: "it's", BlogId: null }, ['TenantId', 'BlogId']),
    'case select of everybody': ofEverybody.select(shared, {}, ['BlogId']),
    'case count': ofTenants.count(blogs, { TenantId: 'globex' }, 'acme'),
    'case update': ofTenants.update(blogs, { Name: null, TenantId: 'globex' }, {}),
    'case delete': ofTenants.delete(blogs, { BlogId: 1n }),
    'case upsert': upsert,
    'case value': sql`select ${typed({ type: 'nvarchar(400)', value: 'x' })} as ${sql.id('v0')}`,
  };
  const scratch = [mssqlScratch.create("te'st"), mssqlScratch.drop('test')].map((statement, index) => ({
    name: `scratch ${index}`,
    text: compileSql(statement, mssqlDialect).text,
  }));
  return [...Object.entries(made).map(([name, statement]) => callersStatement(name, compileSql(statement, mssqlDialect))), ...scratch];
}
