import { configuration } from '../configuration.ts';

/** Blogs and posts, each tenant's its own. */
export const elasticConfig = configuration('blogging', {
  map: { name: 'customers', kind: 'list', key: 'int', context: 'TenantId' },
  tables: { Blogs: { tenant: 'TenantId' }, Posts: { tenant: 'TenantId' } },
});
