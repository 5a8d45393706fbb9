import { urlForm } from '../../config/database-url.ts';
import { defaultLimits, eachLimit } from '../../core/limits.ts';
import type { InitPlan } from './plan.ts';

const principals = ['app', 'superuser', 'mover', 'admin'] as const;

/** Variables that a written configuration refers to and that must be set. */
export const neededVariables = [
  'TENANTRY_CATALOG_URL',
  'TENANTRY_FLEET_KEY',
  ...principals.flatMap((name) => [`TENANTRY_${name.toUpperCase()}_USER`, `TENANTRY_${name.toUpperCase()}_PASSWORD`]),
] as const;

/** The text of `tenantry.config.ts` (or `.js`), with comments. */
export function renderModule({ engine, map, tenantColumn, tables, references, undecided }: InitPlan): string {
  const entries = [
    ...tables.map((name) => `    ${key(name)}: { tenant: ${text(tenantColumn)} },`),
    ...references.map((name) => `    ${key(name)}: 'reference',`),
    ...undecided.map((name) => `    // ${key(name)}: 'reference', // no column ${text(tenantColumn)}: every tenant would see all of it`),
  ];
  return `import { defineConfig, env } from 'tenantry';

// Secrets are never written here: env('NAME') reads a variable of the environment when the program starts.
export default defineConfig({
  // The global shard map: ${urlForm(engine)}
  catalog: { engine: ${text(engine)}, url: env('TENANTRY_CATALOG_URL') },

  // A second cache that processes share; without it each has its own alone.
  redis: { url: env.optional('REDIS_URL') },

  // The tokens of mappings are made from this key: base64 of 32 bytes (openssl rand -base64 32). Two are valid while it is rotated:
  // tenantry key rotate.
  fleetKey: { current: env('TENANTRY_FLEET_KEY'), previous: env.optional('TENANTRY_FLEET_KEY_PREVIOUS') },

  // The map that requests are routed by: a list (one mapping for each tenant) or ranges of tenant ids.
  map: { name: ${text(map.name)}, kind: ${text(map.kind)}, key: ${text(map.key)}, context: ${text(map.context)} },

  // Separate logins on every shard: tenant traffic, reports, copying rows, schema and policies.
  logins: {
${principals.map((name) => `    ${name}: { user: env('TENANTRY_${name.toUpperCase()}_USER'), password: env('TENANTRY_${name.toUpperCase()}_PASSWORD') },`).join('\n')}
  },

  // 'mac' is for servers of PostgreSQL whose owner may not grant the protected setting; "tenantry doctor" says what a shard has.
  contextProtection: 'guarded',

  // Exact-case names, with a schema where it is not the default one. What is not named here is not served.
  tables: {
${entries.join('\n')}
  },

  // Values besides the tenant that calls bring, and who sees which rows within a tenant by them; "tenantry policy apply" sets it.
  // context: { userId: { type: 'string', claim: 'sub' } },
  // policies: { mine: { on: ${text(tables[0] ?? 'Orders')}, rows: { owner: 'Owner', is: 'userId' } } },

  // Stored procedures that the HTTP API calls for its callers.
  // procedures: { CloseOrder: { parameters: { OrderId: 'int64' }, returns: 'nothing' } },

  // What may differ on some shards until a day is over, because somebody decided so; object as "tenantry doctor" prints it.
  // drift: [{ shards: ['a'], object: 'view sales.totals', reason: 'why, and who decided', until: '2099-12-31' }],

  // Called when a shard may serve nobody because what protects its tenants was changed, and when that is over; signed where it has a secret.
  // webhook: { url: env('TENANTRY_WEBHOOK_URL'), secret: env('TENANTRY_WEBHOOK_SECRET') },

  // Who may call the HTTP API. An issuer is pinned to its algorithms, audience and tenants.
  auth: {
    issuers: [
      // { issuer: 'https://id.example.com', audience: 'my-api', jwks: 'https://id.example.com/keys', algorithms: ['RS256'], tenantClaim: 'tenant', tenants: '*' },
      // For "tenantry token mint", never in production:
      // { issuer: 'development', audience: 'my-api', key: env('TENANTRY_DEVELOPMENT_KEY'), algorithms: ['HS256'], tenants: '*', development: true },
    ],
  },

  // Bounds, with their defaults.
  limits: {
${limitLines().join('\n')}
  },
});
`;
}

function limitLines(): string[] {
  return Object.values(
    eachLimit(({ default: value, text: sentence }, name) => `    // ${sentence}\n    ${name}: ${withUnderscores(value)},`),
  );
}

function withUnderscores(value: number): string {
  return value < 10_000 ? `${value}` : value.toLocaleString('en').replaceAll(',', '_');
}

/** The text of `tenantry.config.json`. */
export function renderJson({ engine, map, tenantColumn, tables, references }: InitPlan): string {
  const login = (name: string) => ({ user: { env: `TENANTRY_${name}_USER` }, password: { env: `TENANTRY_${name}_PASSWORD` } });
  const config = {
    catalog: { engine, url: { env: 'TENANTRY_CATALOG_URL' } },
    redis: { url: { env: 'REDIS_URL', optional: true } },
    fleetKey: { current: { env: 'TENANTRY_FLEET_KEY' }, previous: { env: 'TENANTRY_FLEET_KEY_PREVIOUS', optional: true } },
    map,
    logins: Object.fromEntries(principals.map((name) => [name, login(name.toUpperCase())])),
    contextProtection: 'guarded',
    tables: {
      ...Object.fromEntries(tables.map((name) => [name, { tenant: tenantColumn }])),
      ...Object.fromEntries(references.map((name) => [name, 'reference'])),
    },
    auth: { issuers: [] },
    limits: defaultLimits,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** A string literal of one line, whatever the name holds: it is written into code and into comments. */
function text(value: string): string {
  const escaped = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}

function key(name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? name : text(name);
}
