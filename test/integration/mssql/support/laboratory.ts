import type { Predicate, RowPolicy } from '../../../../src/core/predicate.ts';

/** Two tenants with the same numbers and names, so that a row of the other one would be found by any of them. */
export const laboratory = `
CREATE TABLE [dbo].[Projects] (
  [TenantId] int NOT NULL, [Id] int NOT NULL, [Owner] nvarchar(50) COLLATE Latin1_General_100_CI_AI NULL,
  CONSTRAINT [Projects_key] PRIMARY KEY ([TenantId], [Id])
);
CREATE TABLE [dbo].[Samples] (
  [TenantId] int NOT NULL, [Id] int NOT NULL, [ProjectId] int NULL, [Owner] varchar(50) COLLATE Polish_CI_AS NULL, [Number] bigint NULL,
  CONSTRAINT [Samples_key] PRIMARY KEY ([TenantId], [Id])
);
CREATE TABLE [dbo].[Rights] (
  [TenantId] int NOT NULL, [UserId] nvarchar(50) COLLATE Latin1_General_100_CI_AI NOT NULL, [Sample] int NOT NULL, [HasAccess] bit NOT NULL,
  CONSTRAINT [Rights_key] PRIMARY KEY ([TenantId], [UserId], [Sample])
);
INSERT INTO [dbo].[Projects] ([TenantId], [Id], [Owner])
SELECT t.[id], p.[id], p.[owner]
FROM (VALUES (1), (2)) AS t ([id])
CROSS JOIN (VALUES (1, N'ann'), (2, N'Ann'), (3, N'ann '), (4, NULL)) AS p ([id], [owner]);
INSERT INTO [dbo].[Samples] ([TenantId], [Id], [ProjectId], [Owner], [Number])
SELECT t.[id], s.[id], s.[project], s.[owner], s.[number]
FROM (VALUES (1), (2)) AS t ([id])
CROSS JOIN (VALUES
  (1, 1, N'ann', 5), (2, 1, N'Ann', NULL), (3, 2, N'ann ', 5), (4, NULL, NULL, 6), (5, 3, N'bob', NULL), (6, 9, N'\u0142', NULL)
) AS s ([id], [project], [owner], [number]);
INSERT INTO [dbo].[Rights] ([TenantId], [UserId], [Sample], [HasAccess])
VALUES (1, N'ann', 1, 1), (1, N'ann', 2, 0), (1, N'bob', 3, 1), (2, N'ann', 4, 1);
`;

/** The tables as a configuration names them. */
export const laboratoryTables = ['Projects', 'Samples', 'Rights'].map((table) => ({ name: table, table, tenantColumn: 'TenantId' }));

const userId = { name: 'userId', type: 'string' } as const;
const projects = { table: 'Projects', tenantColumn: 'TenantId' };
const byProject = [{ child: 'ProjectId', parent: 'Id' }];

/** Predicates on Samples. */
export const predicates = {
  owner: { kind: 'owner', column: 'Owner', value: userId },
  number: { kind: 'owner', column: 'Number', value: { name: 'number', type: 'bigint' } },
  role: { kind: 'role', role: 'admin', value: { name: 'roles', type: 'strings' } },
  permission: {
    kind: 'member',
    of: 'Id',
    table: { table: 'Rights', tenantColumn: 'TenantId' },
    gives: 'Sample',
    key: 'UserId',
    value: userId,
    access: 'HasAccess',
  },
  parent: { kind: 'parent', table: projects, columns: byProject, rows: { kind: 'owner', column: 'Owner', value: userId } },
  parentAlone: { kind: 'parent', table: projects, columns: byProject, rows: { kind: 'all', of: [] } },
  raw: { kind: 'raw', text: { mssql: '[row].[Number] > [row].[Id] -- null is neither' }, columns: ['Number', 'Id'] },
} as const satisfies Readonly<Record<string, Predicate>>;

/** One policy on Samples. */
export function onSamples(conditions: RowPolicy['conditions']): readonly RowPolicy[] {
  return [{ name: 'own', conditions }];
}
