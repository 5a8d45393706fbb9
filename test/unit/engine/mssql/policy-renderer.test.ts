import { describe, expect, test } from 'vitest';
import type { KeyType } from '../../../../src/core/key-type.ts';
import { compileSql } from '../../../../src/core/compile-sql.ts';
import type { Sql } from '../../../../src/core/sql.ts';
import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { mssqlPolicyRenderer } from '../../../../src/engine/mssql/policy-renderer.ts';
import { policyTable } from '../../../support/policy-table.ts';

// "Row-Level Security": changes of a table fail for the columns that a schema-bound policy names.
test('a table gets the default of its tenant column before the policy is bound to that column', () => {
  const table = policyTable({ schema: 'dbo' });
  const items = mssqlPolicyRenderer.wanted(table, 'int', [table]).map(({ item }) => item);
  expect(items.slice(0, 4)).toEqual(['default', 'security policy', 'filter predicate', 'block predicate']);
});

describe('what protects a table, word for word', () => {
  const table = policyTable({ schema: 'sh]op', table: "Blog's]", tenantColumn: 'Tenant]Id' });
  const name = "[sh]]op].[Blog's]]]";
  const text = `N'[sh]]op].[Blog''s]]]'`;
  const policy = '[tenantry].[policy_sh]]op]';
  const own = `p.[object_id] = OBJECT_ID(N'${policy}') AND p.[target_object_id] = OBJECT_ID(${text})`;
  const removalOf = (item: string): string => compileSql(mssqlPolicyRenderer.removal(table, item)!, mssqlDialect).text;
  const visible = `PREDICATE [tenantry].[visible]([Tenant]]Id]) ON ${name}`;
  const said = (wanted: string) => {
    const {
      statements,
      definition,
      byAdministrator = [],
    } = mssqlPolicyRenderer.wanted(table, 'int', [table]).find(({ item }) => item === wanted)!;
    const textsOf = (all: readonly Sql[]): string[] => all.map((statement) => compileSql(statement, mssqlDialect).text);
    return { definition, statements: textsOf(statements), byAdministrator: textsOf(byAdministrator) };
  };

  test('the one policy of its schema is made, or switched on again', () => {
    expect(said('security policy')).toMatchObject({
      definition: 'on',
      statements: [
        `IF OBJECT_ID(N'${policy}') IS NULL
  CREATE SECURITY POLICY ${policy} ADD FILTER ${visible} WITH (STATE = ON, SCHEMABINDING = ON);
ELSE
  ALTER SECURITY POLICY ${policy} WITH (STATE = ON);`,
      ],
    });
  });

  test('its filter predicate is added, or changed where this table has one in this policy', () => {
    expect(said('filter predicate')).toMatchObject({
      definition: 'tenant',
      statements: [
        `IF EXISTS (SELECT 1 FROM sys.security_predicates AS p WHERE ${own} AND p.[predicate_type_desc] = N'FILTER')
  ALTER SECURITY POLICY ${policy} ALTER FILTER ${visible};
ELSE
  ALTER SECURITY POLICY ${policy} ADD FILTER ${visible};`,
      ],
    });
    expect(removalOf('filter predicate')).toBe(`ALTER SECURITY POLICY ${policy} DROP FILTER PREDICATE ON ${name}`);
  });

  test('its block predicate, of all operations, takes the place of those that it has in this policy, whatever they are of', () => {
    const dropped = `DECLARE @drop nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'DROP BLOCK PREDICATE ON ' AS nvarchar(max)), ${text}, N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE ${own} AND p.[predicate_type_desc] = N'BLOCK'
);
IF @drop IS NOT NULL
BEGIN
  SET @drop = CONCAT(N'ALTER SECURITY POLICY ${policy} ', @drop);
  EXEC sys.sp_executesql @drop;
END;`;
    expect(said('block predicate')).toMatchObject({
      definition: 'tenant',
      statements: [`${dropped}\nALTER SECURITY POLICY ${policy} ADD BLOCK ${visible};`],
    });
    expect(removalOf('block predicate')).toBe(dropped);
  });

  test('its changes are tracked, where they can be, and nobody stops it but its owner', () => {
    expect(said('change tracking')).toMatchObject({
      definition: 'on',
      statements: [`ALTER TABLE ${name} ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)`],
    });
    expect(mssqlPolicyRenderer.removal(table, 'change tracking')).toBeNull();
    const untracked = mssqlPolicyRenderer.wanted({ ...table, capturable: false }, 'int', [table]);
    expect(untracked.map(({ item }) => item)).not.toContain('change tracking');
    expect(untracked.find(({ item }) => item === 'rights of tenantry_mover')?.definition).toBe('delete, insert, select, update');
  });

  test('a function of rows that nothing wants is dropped', () => {
    expect(removalOf("function rows_sh]op.Blog's]_0a")).toBe("DROP FUNCTION [tenantry].[rows_sh]]op.Blog's]]_0a]");
  });

  test.each(['default', 'security policy', 'filter predicate of another', 'function of_another', 'rights of public'])(
    '%s is not removed without its owner',
    (item) => {
      expect(mssqlPolicyRenderer.removal(table, item)).toBeNull();
    },
  );

  test('another default of its tenant column goes first', () => {
    expect(said('default').statements[0]).toContain(`DECLARE @drop nvarchar(max) = (
  SELECT CONCAT(N'ALTER TABLE ', ${text}, N' DROP CONSTRAINT ', QUOTENAME(d.[name]))
  FROM sys.default_constraints AS d
  WHERE d.[parent_object_id] = OBJECT_ID(${text})
    AND d.[parent_column_id] = COLUMNPROPERTY(d.[parent_object_id], N'Tenant]Id', N'ColumnId')
);
IF @drop IS NOT NULL EXEC sys.sp_executesql @drop;
ALTER TABLE ${name} ADD CONSTRAINT `);
  });

  const every = 'ALTER, CONTROL, DELETE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION';

  test.each([
    ['tenantry_app', 'DELETE, INSERT, SELECT, UPDATE'],
    ['tenantry_superuser', 'SELECT'],
    // It follows the changes of rows that it moves.
    ['tenantry_mover', 'DELETE, INSERT, SELECT, UPDATE, VIEW CHANGE TRACKING'],
    ['public', undefined],
  ])('%s has its rights to it and no other, whoever gave them', (group, rights) => {
    const revoked = `REVOKE ${every} ON ${name} FROM [${group}] CASCADE`;
    const granted = rights === undefined ? [] : [`GRANT ${rights} ON ${name} TO [${group}] AS [tenantry_admin]`];
    expect(said(`rights of ${group}`)).toEqual({
      definition: rights?.toLowerCase() ?? null,
      statements: [`${revoked} AS [tenantry_admin]`, ...granted],
      byAdministrator: [revoked],
    });
  });

  // A right on a schema is one on every table in it.
  test.each(['tenantry_app', 'tenantry_superuser', 'tenantry_mover'])('%s has none on its schema', (group) => {
    const ofSchema = every.replace('CONTROL, ', 'CONTROL, CREATE SEQUENCE, ').replace('DELETE, ', 'DELETE, EXECUTE, ');
    expect(said(`rights of ${group} on its schema`)).toEqual({
      definition: null,
      statements: [`REVOKE ${ofSchema} ON SCHEMA::[sh]]op] FROM [${group}] CASCADE`],
      byAdministrator: [],
    });
  });
});

describe('what the tenant column of a new row is', () => {
  const defaultOf = (table: string, keyType: KeyType) => {
    const items = mssqlPolicyRenderer.wanted(policyTable({ schema: 'dbo', table, tenantColumn: 'Tenant]Id' }), keyType, []);
    const found = items.find(({ item }) => item === 'default');
    return { definition: found?.definition, text: compileSql(found!.statements[0]!, mssqlDialect).text };
  };

  test.each<[KeyType, string]>([
    ['int', '[int]'],
    ['bigint', '[bigint]'],
    ['uuid', '[uniqueidentifier]'],
    ['string', '[nvarchar](128)'],
    ['bytes', '[varbinary](128)'],
  ])('for keys of type %s is the entered tenant in the words of the server, under a name', (keyType, type) => {
    const { definition, text } = defaultOf('Blogs', keyType);
    expect(definition).toBe('tenantry_default_Blogs: the entered tenant');
    expect(text.split('\n').at(-1)).toBe(
      `ALTER TABLE [dbo].[Blogs] ADD CONSTRAINT [tenantry_default_Blogs] DEFAULT (CONVERT(${type}, SESSION_CONTEXT(N'tenantry.tenant'))) FOR [Tenant]]Id];`,
    );
  });

  test('has a name that fits, and no two tables the same', () => {
    const names = ['a', 'b'].map((last) => defaultOf(`${'x'.repeat(127)}${last}`, 'int').definition?.split(':')[0]);
    expect(names.map((name) => name?.length)).toEqual([128, 128]);
    expect(new Set(names).size).toBe(2);
  });
});
