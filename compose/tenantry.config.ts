import { defineConfig, env } from 'tenantry';

// The configuration of docker-compose.yml. Secrets are never written here: env('NAME') reads a variable of the environment.
export default defineConfig({
  catalog: { engine: 'postgres', url: env('TENANTRY_CATALOG_URL') },
  redis: { url: env('REDIS_URL') },
  map: { name: 'customers', kind: 'list', key: 'int', context: 'TenantId' },

  // The same logins on every shard, whatever its engine.
  logins: {
    app: { user: 'blogs_app', password: env('TENANTRY_APP_PASSWORD') },
    superuser: { user: 'blogs_superuser', password: env('TENANTRY_SUPERUSER_PASSWORD') },
    mover: { user: 'blogs_mover', password: env('TENANTRY_MOVER_PASSWORD') },
    admin: { user: 'blogs_admin', password: env('TENANTRY_ADMIN_PASSWORD') },
  },

  tables: {
    Blogs: { tenant: 'TenantId' },
    Posts: { tenant: 'TenantId' },
  },

  // For `tenantry token mint`. In production: the address of your identity provider's keys (jwks), and no development issuer.
  auth: {
    issuers: [
      {
        issuer: 'development',
        audience: 'blogs',
        key: env('TENANTRY_DEVELOPMENT_KEY'),
        algorithms: ['HS256'],
        tenants: '*',
        development: true,
      },
    ],
  },

  // Every address of the container: docker-compose.yml says which ports are reached from outside.
  http: { host: '0.0.0.0', port: 8080, opsHost: '0.0.0.0', opsPort: 9090 },
});
