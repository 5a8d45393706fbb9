import { readFileSync } from 'node:fs';
import { keyTypes } from '../../../src/core/key-type.ts';
import { compileSql } from '../../../src/core/compile-sql.ts';
import type { Predicate, RowPolicy } from '../../../src/core/predicate.ts';
import { sql, type Sql } from '../../../src/core/sql.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { mssqlPolicyRenderer } from '../../../src/engine/mssql/policy-renderer.ts';
import { mssqlPurgeStatements } from '../../../src/engine/mssql/purge-statements.ts';
import { rowFunction, slotPredicates } from '../../../src/engine/mssql/row-function.ts';
import { ownBatch } from '../../../src/engine/mssql/routed-batch.ts';
import { callersParameters } from '../../../src/engine/mssql/routed-parameters.ts';
import type { PolicyTable } from '../../../src/engine/policy-renderer.ts';
import { anyLeft } from '../../../src/policy/purge.ts';
import { policyTables, predicateKinds, samples } from '../../support/policies/mssql-predicates.ts';
import { mssqlEnd } from '../../support/policies/rendered.ts';
import type { GeneratedTsql } from '../../support/generated-tsql.ts';

/** What keeps tenants apart on tables of every key type, and what takes it away; what removes their rows. */
export function policyTexts(): GeneratedTsql[] {
  const table = { schema: 'dbo', table: "Blog's]", sequences: [], capturable: true, key: [], columns: [], policies: [] };
  const tables: PolicyTable[] = [
    { ...table, tenantColumn: 'Tenant]Id', role: 'routed' },
    { ...table, tenantColumn: null, role: 'reference' },
  ];
  const wanted = keyTypes.flatMap((keyType) => tables.flatMap((each) => mssqlPolicyRenderer.wanted(each, keyType, tables)));
  const scripts = [
    ...wanted.flatMap(({ item, statements }) => statements.map((statement): [string, Sql] => [item, statement])),
    ...['filter predicate', 'block predicate'].map((item): [string, Sql] => [
      `removal of ${item}`,
      mssqlPolicyRenderer.removal(tables[0]!, item)!,
    ]),
  ];
  return [
    ...scripts.map(([item, statement], index) => ({ name: `policy ${index} ${item}`, text: compileSql(statement, mssqlDialect).text })),
    ...keyTypes.flatMap((keyType) => {
      const [low, high] = keyType === 'bytes' ? [Uint8Array.of(1), Uint8Array.of(2)] : ['1', '2'];
      const rows = mssqlPurgeStatements.within(sql.id('TenantId'), keyType, { low, high });
      const blogs = sql.id('dbo', 'Blogs');
      return [mssqlPurgeStatements.deleteSome(blogs, rows, 10), anyLeft(blogs, rows)].map((statement, index) => {
        const { text, values } = compileSql(statement, mssqlDialect);
        return { name: `purge of ${keyType} ${index}`, text: ownBatch(text), parameters: callersParameters(values) };
      });
    }),
  ];
}

/** Every kind of predicate in a function of its own, bound to the table, and what `policy apply` says to set and to remove them. */
export function rowPolicyTexts(): GeneratedTsql[] {
  const tables = policyTables.map(({ schema, table, columns }) => {
    const types = columns.map(({ name, type }) => `${mssqlDialect.quote(name)} ${type} NULL`);
    return `CREATE TABLE ${mssqlDialect.quote(schema)}.${mssqlDialect.quote(table)} (${types.join(', ')})`;
  });
  const each = predicateKinds.flatMap(({ predicate }, index) => textsOfRows(predicate, `rows ${index}`));
  // What the texts above put together where they run.
  const tenant = 'PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Samples]';
  const together = [
    'DROP BLOCK PREDICATE ON [dbo].[Samples] AFTER INSERT, DROP BLOCK PREDICATE ON [dbo].[Samples]',
    `ALTER FILTER ${tenant}, ALTER BLOCK ${tenant} BEFORE DELETE`,
  ].map((change, index) => ({ name: `rows together ${index}`, text: `ALTER SECURITY POLICY [tenantry].[policy_dbo] ${change}` }));
  return [...together, { name: 'rows tables', text: ['CREATE SCHEMA [lab]', ...tables].join('\nGO\n'), defines: true }, ...each];
}

function textsOfRows(condition: Predicate, of: string): GeneratedTsql[] {
  const everywhere = { select: condition, insert: condition, update: condition, delete: condition };
  const policies: RowPolicy[] = [
    { name: 'one', conditions: everywhere },
    { name: 'other', conditions: { delete: { kind: 'all', of: [] } } },
  ];
  const table = { ...samples, policies };
  const functions = new Map<string, Sql>();
  const added = slotPredicates(table).map(({ kind, operation, conditions }) => {
    const made = conditions.length === 0 ? undefined : rowFunction(table, conditions, policyTables);
    if (made !== undefined) functions.set(made.name, made.create);
    const call = made?.call ?? sql`[tenantry].[visible]([TenantId])`;
    return `ADD ${kind} PREDICATE ${compileSql(call, mssqlDialect).text} ON [dbo].[Samples] ${operation ?? ''}`;
  });
  // Only one policy may be on.
  const policy = `CREATE SECURITY POLICY [tenantry].[policy of ${of}] ${added.join(', ')} WITH (STATE = OFF, SCHEMABINDING = ON)`;
  const found: PolicyTable = { ...table, columns: policyTables[0]!.columns, role: 'routed', sequences: [], capturable: true, key: [] };
  const items = mssqlPolicyRenderer.wanted(found, 'int', policyTables);
  const removals = items.map(({ item }) => mssqlPolicyRenderer.removal(found, item)).filter((removal) => removal !== null);
  const applied = [...items.flatMap(({ statements }) => statements), ...removals];
  return [
    ...Array.from(functions.values(), (create) => compileSql(create, mssqlDialect).text)
      .concat(policy)
      .map((text, index) => ({ name: `${of} made ${index}`, text, defines: true })),
    ...applied.map((statement, index) => ({ name: `${of} applied ${index}`, text: compileSql(statement, mssqlDialect).text })),
  ];
}

/** What is kept of a model with every kind of predicate, as it was reviewed. */
export function renderedTexts(): GeneratedTsql[] {
  const kept = readFileSync(new URL('../../unit/engine/rendered/mssql.sql', import.meta.url), 'utf8');
  return kept.split(`${mssqlEnd}\n`).map((text, index) => ({ name: `rendered ${index}`, text }));
}
