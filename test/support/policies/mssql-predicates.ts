import type { Predicate, ReadTable } from '../../../src/core/predicate.ts';

/** Tables as `policy/tables` finds them on SQL Server, which the predicates below read. */
export const policyTables = [
  {
    schema: 'dbo',
    table: 'Samples',
    columns: columns({
      TenantId: '[int]',
      SampleId: '[int]',
      ProjectId: '[int]',
      Owner: '[nvarchar](50)',
      Wide: '[nchar](10)',
      Login: '[varchar](40)',
      Fixed: '[char](8)',
      Long: '[varchar](5000)',
      Number: '[bigint]',
      Code: '[uniqueidentifier]',
      'Sample Id': '[int]',
      'Sample-Id': '[bigint]',
      Größe: '[decimal](9, 2)',
      ']': '[uniqueidentifier]',
    }),
  },
  {
    schema: 'dbo',
    table: 'Projects',
    columns: columns({ TenantId: '[int]', Id: '[int]', Owner: '[nvarchar](50)', Name: '[varchar](max)' }),
  },
  { schema: 'lab', table: 'Rights', columns: columns({ Tenant: '[int]', UserId: '[varchar](40)', Sample: '[int]', HasAccess: '[bit]' }) },
  { schema: 'dbo', table: 'Employees', columns: columns({ ObjectId: '[uniqueidentifier]', Login: '[nvarchar](50)' }) },
];

/** A table with policies, before it has any. */
export const samples = { schema: 'dbo', table: 'Samples', tenantColumn: 'TenantId' };

const userId = { name: 'userId', type: 'string' } as const;
const project: ReadTable = { table: 'Projects', tenantColumn: 'TenantId' };
const value = 'CAST([value].[value] AS nvarchar(4000))';
const brought = (name: string): string => `[tenantry].[context_value](N'${name}') AS [value]`;
const sameText = (left: string, right: string): string =>
  `${left} COLLATE Latin1_General_100_BIN2 = ${right} COLLATE Latin1_General_100_BIN2 AND DATALENGTH(${left}) = DATALENGTH(${right})`;

/** Every kind of predicate, with its condition as a function of `samples` has it. */
export const predicateKinds: readonly { readonly name: string; readonly predicate: Predicate; readonly condition: string }[] = [
  {
    name: 'an owner by a text of a code page',
    predicate: { kind: 'owner', column: 'Login', value: userId },
    condition: `EXISTS (SELECT 1 FROM ${brought('userId')} WHERE ${sameText('@Login', value)})`,
  },
  {
    name: 'an owner by an integer, under a name with a quote',
    predicate: { kind: 'owner', column: 'SampleId', value: { name: "o'n", type: 'int' } },
    condition: `EXISTS (SELECT 1 FROM ${brought("o''n")} WHERE @SampleId = TRY_CAST([value].[value] AS int))`,
  },
  {
    name: 'an owner by a long integer',
    predicate: { kind: 'owner', column: 'Number', value: { name: 'number', type: 'bigint' } },
    condition: `EXISTS (SELECT 1 FROM ${brought('number')} WHERE @Number = TRY_CAST([value].[value] AS bigint))`,
  },
  {
    name: 'an owner by a uuid',
    predicate: { kind: 'owner', column: 'Code', value: { name: 'code', type: 'uuid' } },
    condition: `EXISTS (SELECT 1 FROM ${brought('code')} WHERE @Code = TRY_CAST([value].[value] AS uniqueidentifier))`,
  },
  {
    name: 'a role that is a single text',
    predicate: { kind: 'role', role: "o'admin", value: { name: 'role', type: 'string' } },
    condition: `EXISTS (SELECT 1 FROM ${brought('role')} WHERE ${sameText(value, "N'o''admin'")})`,
  },
  {
    name: 'permissions of the tenant, which must be 1',
    predicate: {
      kind: 'member',
      of: 'SampleId',
      table: { schema: 'lab', table: 'Rights', tenantColumn: 'Tenant' },
      gives: 'Sample',
      key: 'UserId',
      value: userId,
      access: 'HasAccess',
    },
    condition:
      `EXISTS (SELECT 1 FROM [lab].[Rights] AS [member] CROSS JOIN ${brought('userId')} WHERE [member].[Tenant] = @TenantId ` +
      `AND [member].[Sample] = @SampleId AND ${sameText('CAST([member].[UserId] AS [nvarchar](40))', value)} AND [member].[HasAccess] = 1)`,
  },
  {
    name: 'a lookup in a table of all tenants',
    predicate: {
      kind: 'member',
      of: 'Owner',
      table: { table: 'Employees' },
      gives: 'Login',
      key: 'ObjectId',
      value: { name: 'objectId', type: 'uuid' },
    },
    condition:
      `EXISTS (SELECT 1 FROM [dbo].[Employees] AS [member] CROSS JOIN ${brought('objectId')} WHERE ` +
      `${sameText('[member].[Login]', '@Owner')} AND [member].[ObjectId] = TRY_CAST([value].[value] AS uniqueidentifier))`,
  },
  {
    name: 'a parent that meets a condition of its own, by its own columns',
    predicate: {
      kind: 'parent',
      table: project,
      columns: [
        { child: 'ProjectId', parent: 'Id' },
        { child: 'Login', parent: 'Name' },
      ],
      rows: {
        kind: 'parent',
        table: project,
        columns: [{ child: 'Id', parent: 'Id' }],
        rows: { kind: 'owner', column: 'Owner', value: userId },
      },
    },
    condition:
      `EXISTS (SELECT 1 FROM [dbo].[Projects] AS [parent1] WHERE [parent1].[TenantId] = @TenantId AND [parent1].[Id] = @ProjectId ` +
      `AND ${sameText('CAST([parent1].[Name] AS [nvarchar](max))', '@Login')} ` +
      `AND EXISTS (SELECT 1 FROM [dbo].[Projects] AS [parent2] WHERE [parent2].[TenantId] = @TenantId AND [parent2].[Id] = [parent1].[Id] ` +
      `AND EXISTS (SELECT 1 FROM ${brought('userId')} WHERE ${sameText('[parent2].[Owner]', value)})))`,
  },
  {
    name: 'all and any, and those of nothing',
    predicate: {
      kind: 'any',
      of: [
        {
          kind: 'all',
          of: [
            { kind: 'all', of: [] },
            { kind: 'any', of: [] },
          ],
        },
        { kind: 'raw', text: { mssql: '1 = 2' }, columns: [] },
      ],
    },
    condition: `((1 = 1 AND 1 = 0) OR (\n1 = 2\n))`,
  },
  {
    name: 'words of its own, which find the columns that they name in a row, also of a parent',
    predicate: {
      kind: 'all',
      of: [
        { kind: 'raw', text: { mssql: `[row].[Sample Id] > 1 -- and more` }, columns: ['Sample Id', 'Login'] },
        {
          kind: 'parent',
          table: project,
          columns: [{ child: 'ProjectId', parent: 'Id' }],
          rows: { kind: 'raw', text: { mssql: `[Owner] LIKE N'a%' OR EXISTS (SELECT 1 FROM [dbo].[Samples] AS [s])` }, columns: ['Owner'] },
        },
      ],
    },
    condition:
      `(EXISTS (SELECT 1 FROM (SELECT @Sample_Id AS [Sample Id], @Login AS [Login]) AS [row] WHERE (\n[row].[Sample Id] > 1 -- and more\n)) ` +
      `AND EXISTS (SELECT 1 FROM [dbo].[Projects] AS [parent1] WHERE [parent1].[TenantId] = @TenantId AND [parent1].[Id] = @ProjectId ` +
      `AND EXISTS (SELECT 1 FROM (SELECT [parent1].[Owner] AS [Owner]) AS [row] WHERE (\n[Owner] LIKE N'a%' OR EXISTS (SELECT 1 FROM [dbo].[Samples] AS [s])\n))))`,
  },
];

function columns(types: Readonly<Record<string, string>>): { readonly name: string; readonly type: string }[] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}
