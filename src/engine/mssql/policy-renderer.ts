import { createHash } from 'node:crypto';
import type { KeyType } from '../../core/key-type.ts';
import { compileSql } from '../../core/compile-sql.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { PolicyItem, PolicyRenderer, PolicyTable } from '../policy-renderer.ts';
import { principalGroups } from '../principal-logins.ts';
import type { ExposedProcedure, GivenProcedure } from '../qualified-procedures.ts';
import { tableRights } from '../table-rights.ts';
import { fingerprintFunction } from './fingerprint-function.ts';
import { mssqlDialect, textLiteral } from './mssql-dialect.ts';
import { procedureRisks } from './procedure-risks.ts';
import { removalFromPolicy, securityPolicy } from './security-policy.ts';
import { setsObject, tableOf, touchesObject } from './fingerprint-objects.ts';

const admin = sql.id(principalGroups.admin);

/** Every right that a group could have been given besides. */
const allTableRights = sqlText(
  'ALTER, CONTROL, DELETE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION',
);
const allSchemaRights = sqlText(
  'ALTER, CONTROL, CREATE SEQUENCE, DELETE, EXECUTE, INSERT, REFERENCES, SELECT, TAKE OWNERSHIP, UPDATE, VIEW CHANGE TRACKING, VIEW DEFINITION',
);

/** Row-level security of SQL Server: filter and block predicates on each routed table, in one security policy for each schema. */
export const mssqlPolicyRenderer: PolicyRenderer = {
  fingerprintFunction,
  wanted(table, keyType, tables) {
    const name = sql.id(table.schema, table.table);
    const { tenantColumn } = table;
    return [
      // First: a schema-bound policy keeps the columns that it names from changes of the table ("Row-Level Security").
      ...(tenantColumn === null ? [] : [tenantDefault(name, table.table, tenantColumn, keyType)]),
      ...(tenantColumn === null ? [] : securityPolicy({ ...table, tenantColumn }, tables)),
      ...(table.model === undefined ? [] : [modelItem(table, table.model)]),
      ...(table.capturable ? [changeTracking(name)] : []),
      ...['tenantry_app', 'tenantry_superuser', 'tenantry_mover'].map((group) => noSchemaRights(table, group)),
      ...Object.entries({ ...tableRights[table.role], ...(table.capturable ? followingRights(table) : {}) }).map(([group, privileges]) =>
        rightsItem(name, group, privileges),
      ),
    ];
  },
  procedureRights: (procedure) => [givenProcedureItem(procedure), procedureRightsItem(procedure, 'public', null)],
  withdrawal({ given, ...procedure }) {
    const { statements, ...item } = procedureRightsItem(procedure, principalGroups.app, null);
    return { ...item, statements: [...statements, forgetting(given)] };
  },
  forgetting,
  procedureRisks,
  locking: () => null,
  // Some, such as CREATE FUNCTION, must be the first of their batch; others declare the same variable.
  messages: (statements) => statements,
  // In a deadlock with a tenant's transaction it is this one that is ended.
  patiently: (statement, lockTimeoutMs) =>
    sql`SET DEADLOCK_PRIORITY LOW;\nSET LOCK_TIMEOUT ${sqlText(String(lockTimeoutMs))};\n${statement}`,
  inScript: (statement) => `${statement.trimEnd()}\nGO`,
  sets: setsObject,
  touches: touchesObject,
  tableOf,
  removal(table, item) {
    if (item === 'model') return sql`DELETE FROM [tenantry].[policy_model] WHERE ${modelKey(table)}`;
    return removalFromPolicy(table, item);
  },
};

/** By what changes of a tenant's rows are followed while it is moved; which columns were changed is nothing that a move asks. */
function changeTracking(table: Sql): PolicyItem {
  return {
    item: 'change tracking',
    definition: 'on',
    statements: [sql`ALTER TABLE ${table} ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)`],
  };
}

/** With the right to read which rows have changed, whosesoever they are: what follows them is the mover. */
function followingRights({ role }: PolicyTable): Readonly<Record<string, string | null>> {
  const { tenantry_mover: privileges } = tableRights[role];
  return { tenantry_mover: privileges === null ? null : `${privileges}, view change tracking` };
}

function modelItem(table: PolicyTable, model: string): PolicyItem {
  const [place, text] = [sql`${sqlText(textLiteral(table.schema))}, ${sqlText(textLiteral(table.table))}`, sqlText(textLiteral(model))];
  return {
    item: 'model',
    definition: model,
    statements: [
      sql`DELETE FROM [tenantry].[policy_model] WHERE ${modelKey(table)};
INSERT INTO [tenantry].[policy_model] ([schema_name], [table_name], [model]) VALUES (${place}, ${text});`,
    ],
  };
}

function modelKey({ schema, table }: PolicyTable): Sql {
  return sql`[schema_name] = ${sqlText(textLiteral(schema))} AND [table_name] = ${sqlText(textLiteral(table))}`;
}

/** Types as a default's text says them, which the server writes as CONVERT whatever was said. */
const defaultTypes: Readonly<Record<KeyType, string>> = {
  int: '[int]',
  bigint: '[bigint]',
  uuid: '[uniqueidentifier]',
  string: '[nvarchar](128)',
  bytes: '[varbinary](128)',
};

/**
 * The entered tenant as an expression: a function would be called for each row, and could not be changed while a table names it.
 * Under a name of its own, the same on every shard; another default has to be found before it can take its place.
 */
function tenantDefault(table: Sql, tableName: string, tenantColumn: string, keyType: KeyType): PolicyItem {
  const name = defaultName(tableName);
  const tenant = sqlText(`CONVERT(${defaultTypes[keyType]}, SESSION_CONTEXT(${textLiteral('tenantry.tenant')}))`);
  return {
    item: 'default',
    definition: `${name}: the entered tenant`,
    statements: [
      sql`DECLARE @drop nvarchar(max) = (
  SELECT CONCAT(${sqlText(textLiteral('ALTER TABLE '))}, ${sqlText(textLiteral(textOf(table)))}, N' DROP CONSTRAINT ', QUOTENAME(d.[name]))
  FROM sys.default_constraints AS d
  WHERE d.[parent_object_id] = ${objectId(table)}
    AND d.[parent_column_id] = COLUMNPROPERTY(d.[parent_object_id], ${sqlText(textLiteral(tenantColumn))}, N'ColumnId')
);
IF @drop IS NOT NULL EXEC sys.sp_executesql @drop;
ALTER TABLE ${table} ADD CONSTRAINT ${sql.id(name)} DEFAULT (${tenant}) FOR ${sql.id(tenantColumn)};`,
    ],
  };
}

/** A name has at most 128 characters; that of a long table is told from others by a digest. */
function defaultName(tableName: string): string {
  const name = `tenantry_default_${tableName}`;
  return name.length <= 128 ? name : `${name.slice(0, 111)}_${createHash('sha256').update(tableName).digest('hex').slice(0, 16)}`;
}

function rightsItem(table: Sql, group: string, privileges: string | null): PolicyItem {
  const revoke = sql`REVOKE ${allTableRights} ON ${table} FROM ${sql.id(group)} CASCADE`;
  return {
    item: `rights of ${group}`,
    definition: privileges,
    statements: [
      sql`${revoke} AS ${admin}`,
      ...(privileges === null ? [] : [sql`GRANT ${sqlText(privileges.toUpperCase())} ON ${table} TO ${sql.id(group)} AS ${admin}`]),
    ],
    byAdministrator: [revoke],
  };
}

type ProcedurePlace = Pick<ExposedProcedure, 'schema' | 'routine'>;

function givenProcedureItem(procedure: ProcedurePlace): PolicyItem {
  const { schema, routine } = procedure;
  const { statements, ...item } = procedureRightsItem(procedure, principalGroups.app, 'execute');
  const [place, id] = [sql`${sqlText(textLiteral(schema))}, ${sqlText(textLiteral(routine))}`, objectId(sql.id(schema, routine))];
  return {
    ...item,
    statements: [
      ...statements,
      sql`GRANT EXECUTE ON ${sql.id(schema, routine)} TO ${sql.id(principalGroups.app)} AS ${admin}`,
      sql`DELETE FROM [tenantry].[exposed_procedure] WHERE ${exposureKey(procedure)} AND [routine_id] = ${id};
INSERT INTO [tenantry].[exposed_procedure] ([schema_name], [routine_name], [arguments], [routine_id]) VALUES (${place}, N'', ${id});`,
    ],
  };
}

function procedureRightsItem({ schema, routine }: ProcedurePlace, group: string, definition: string | null): PolicyItem {
  const revoke = sql`REVOKE ALTER, CONTROL, EXECUTE, TAKE OWNERSHIP, VIEW DEFINITION ON ${sql.id(schema, routine)} FROM ${sql.id(group)} CASCADE`;
  return { item: `rights of ${group}`, definition, statements: [sql`${revoke} AS ${admin}`], byAdministrator: [revoke] };
}

function forgetting({ id, ...given }: GivenProcedure): Sql {
  return sql`DELETE FROM [tenantry].[exposed_procedure] WHERE ${exposureKey(given)} AND [routine_id] = ${sqlText(textLiteral(id))}`;
}

function exposureKey({ schema, routine }: ProcedurePlace): Sql {
  return sql`[schema_name] = ${sqlText(textLiteral(schema))} AND [routine_name] = ${sqlText(textLiteral(routine))}`;
}

/** A right on a schema is one on every table in it, those that no policy protects among them. */
function noSchemaRights({ schema }: PolicyTable, group: string): PolicyItem {
  return {
    item: `rights of ${group} on its schema`,
    definition: null,
    statements: [sql`REVOKE ${allSchemaRights} ON SCHEMA::${sql.id(schema)} FROM ${sql.id(group)} CASCADE`],
  };
}

function objectId(table: Sql): Sql {
  return sqlText(`OBJECT_ID(${textLiteral(textOf(table))})`);
}

function textOf(table: Sql): string {
  return compileSql(table, mssqlDialect).text;
}
