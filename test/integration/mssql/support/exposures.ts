/** What lets a login of app see more than its own tenant's rows, how it is taken back, and what a connection is refused with. */
interface Exposure {
  readonly title: string;
  readonly expose: readonly string[];
  readonly cover: readonly string[];
  readonly told: string;
}

/**
 * Change data capture of the blogs of a shard; a role that is not there is made, and without one everybody who reads the table reads what
 * was captured.
 */
export const captureBlogs = (role: string | null): readonly string[] => [
  'EXEC sys.sp_cdc_enable_db',
  `EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Blogs', @role_name = ${role === null ? 'NULL' : `N'${role}'`}`,
];

/** Ends it, with everything that was captured. */
export const captureNothing = 'EXEC sys.sp_cdc_disable_db';

/** Each of these on the Blogs of a shard. */
export const exposures: readonly Exposure[] = [
  {
    title: 'changed rows of all tenants are captured for everybody',
    expose: captureBlogs(null),
    cover: [captureNothing],
    told: '[cdc].',
  },
  {
    title: 'changed rows are captured for a role of app',
    expose: captureBlogs('tenantry_app'),
    cover: [captureNothing],
    told: '[cdc].',
  },
  {
    title: 'it sees which rows have changed',
    expose: ['GRANT VIEW CHANGE TRACKING ON [dbo].[Blogs] TO [tenantry_app]'],
    cover: ['REVOKE VIEW CHANGE TRACKING ON [dbo].[Blogs] FROM [tenantry_app]'],
    told: 'VIEW CHANGE TRACKING',
  },
  {
    title: 'it sees what other sessions do',
    expose: ['GRANT VIEW DATABASE STATE TO [tenantry_app]'],
    cover: ['REVOKE VIEW DATABASE STATE FROM [tenantry_app]'],
    told: 'VIEW DATABASE STATE',
  },
  {
    title: 'it may copy the database',
    expose: ['GRANT BACKUP DATABASE TO [tenantry_app]'],
    cover: ['REVOKE BACKUP DATABASE FROM [tenantry_app]'],
    told: 'BACKUP DATABASE',
  },
  {
    title: 'it may make itself a member of another principal',
    expose: ['GRANT ALTER ON ROLE::[tenantry_superuser] TO [tenantry_app]'],
    cover: ['REVOKE ALTER ON ROLE::[tenantry_superuser] FROM [tenantry_app]'],
    told: 'may change who is a member of tenantry_superuser',
  },
  {
    title: 'a statement could name another server',
    expose: ["EXEC sys.sp_addlinkedserver @server = N'tenantry_elsewhere', @srvproduct = N'SQL Server'"],
    cover: ["EXEC sys.sp_dropserver @server = N'tenantry_elsewhere', @droplogins = N'droplogins'"],
    told: '[tenantry_elsewhere]',
  },
  {
    title: 'it sees the ends of values in a columnstore index',
    expose: [
      'CREATE NONCLUSTERED COLUMNSTORE INDEX [columns] ON [dbo].[Blogs] ([TenantId], [BlogId])',
      'GRANT VIEW DEFINITION ON [dbo].[Blogs] TO [tenantry_app]',
    ],
    cover: ['REVOKE VIEW DEFINITION ON [dbo].[Blogs] FROM [tenantry_app]', 'DROP INDEX [columns] ON [dbo].[Blogs]'],
    told: 'columnstore',
  },
  {
    title: 'statistics of what no policy protects could be all that it is tried on',
    expose: ['ALTER SECURITY POLICY [tenantry].[hidden_policy] WITH (STATE = OFF)'],
    cover: ['ALTER SECURITY POLICY [tenantry].[hidden_policy] WITH (STATE = ON)'],
    told: 'tenantry.hidden_row',
  },
];
