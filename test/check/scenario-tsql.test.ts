import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { organisationsConfig } from '../../scripts/scenario/organisations/config.ts';
import { changed } from '../../scripts/scenario/rls-as-code/config.ts';
import { rolesConfig } from '../../scripts/scenario/roles/config.ts';
import { secureApiConfig } from '../../scripts/scenario/secure-api/config.ts';
import type { TenantryConfig } from '../../src/config.ts';
import { readPolicyModel } from '../../src/config/read-policy-model.ts';
import { compileSql } from '../../src/core/compile-sql.ts';
import { sql, type Sql } from '../../src/core/sql.ts';
import { mssqlDialect } from '../../src/engine/mssql/mssql-dialect.ts';
import { mssqlPolicyRenderer } from '../../src/engine/mssql/policy-renderer.ts';
import { rowFunction, slotPredicates } from '../../src/engine/mssql/row-function.ts';
import type { PolicyTable, TableColumns } from '../../src/engine/policy-renderer.ts';
import { describeNeeding } from '../support/describe-needing.ts';
import { compileGenerated, type GeneratedTsql } from '../support/generated-tsql.ts';

const textOf = (statement: Sql): string => compileSql(statement, mssqlDialect).text;

/** The tables of a script, each with its columns as SQL Server's catalog has them. */
function tablesIn(script: string): TableColumns[] {
  return Array.from(script.matchAll(/CREATE TABLE \[dbo\]\.\[(\w+)\] \(([^;]+)\);/g), ([, table = '', body = '']) => ({
    schema: 'dbo',
    table,
    columns: Array.from(body.matchAll(/^ {2}\[(\w+)\] (\w+)(\(\d+\))?/gm), ([, name = '', type = '', length = '']) => ({
      name,
      type: `[${type}]${length}`,
    })),
  }));
}

/** Everything that SQL Server is told for a scenario: its tables and procedure, the functions of its policies, and what applies them. */
async function textsOf(folder: string, { context = {}, tables, policies = {} }: TenantryConfig): Promise<GeneratedTsql[]> {
  const script = await readFile(new URL(`../../scripts/scenario/${folder}/tables.mssql.sql`, import.meta.url), 'utf8');
  const read = readPolicyModel({ context, tables, policies });
  if ('problems' in read) throw new Error(`The scenario ${folder} has a model with problems.`);
  const all = tablesIn(script);
  const made = read.tables.map(({ table, tenantColumn = '', policies: own = [], model }): PolicyTable & { tenantColumn: string } => {
    const columns = all.find((each) => each.table === table)?.columns ?? [];
    const found = {
      schema: 'dbo',
      table,
      tenantColumn,
      columns,
      role: 'routed' as const,
      sequences: [],
      capturable: true,
      key: [],
      policies: own,
    };
    return model === undefined ? found : Object.assign(found, { model });
  });
  const defined = made.flatMap((table) => {
    const functions = new Map<string, Sql>();
    const predicates = slotPredicates(table).map(({ kind, operation, conditions }) => {
      const rows = conditions.length === 0 ? undefined : rowFunction(table, conditions, all);
      if (rows !== undefined) functions.set(rows.name, rows.create);
      const call = rows?.call ?? sql`[tenantry].[visible](${sql.id(table.tenantColumn)})`;
      return `ADD ${kind} PREDICATE ${textOf(call)} ON [dbo].[${table.table}] ${operation ?? ''}`;
    });
    return [
      ...Array.from(functions.values(), textOf),
      `CREATE SECURITY POLICY [tenantry].[${folder} ${table.table}] ${predicates.join(', ')} WITH (STATE = OFF)`,
    ];
  });
  const applied = made.flatMap((table) =>
    mssqlPolicyRenderer.wanted(table, 'int', all).flatMap(({ statements }) => statements.map(textOf)),
  );
  return [
    ...[script, ...defined].map((text, index) => ({ name: `${folder} ${index}`, text, defines: true })),
    ...applied.map((text, index) => ({ name: `${folder} applied ${index}`, text })),
  ];
}

describeNeeding('mono', 'the scenarios on SQL Server', () => {
  test.each([
    ['organisations', organisationsConfig, 2],
    ['roles', rolesConfig, 10],
    ['secure-api', secureApiConfig, 5],
    ['rls-as-code', changed, 1],
  ] as const)('%s compiles, bound to its tables', { timeout: 600_000 }, async (folder, config, functions) => {
    const texts = await textsOf(folder, config);
    expect(texts.filter(({ text }) => text.startsWith('CREATE FUNCTION'))).toHaveLength(functions);
    const { passed, text } = await compileGenerated(texts);
    expect(passed, text).toBe(true);
  });

  test('a column that a table has not is seen', { timeout: 600_000 }, async () => {
    const texts = await textsOf('organisations', organisationsConfig);
    const rename = (text: string): string => text.replace('  [OrganizationId] int', '  [Organization] int');
    const renamed = texts.map(({ name, text: made, defines = false }) => ({ name, text: rename(made), defines }));
    const { passed, text } = await compileGenerated(renamed);
    expect(passed).toBe(false);
    expect(text).toContain('OrganizationId');
  });
});
