import { z } from 'zod';
import { fleetKeyFromBase64, type FleetKey } from '../../shardmap/mapping-token.ts';
import { keyTypes } from '../../shardmap/key.ts';
import { capabilityNames, type CapabilityName } from '../core/capability-settings.ts';
import { contextProtections } from '../core/context-protection.ts';
import { eachLimit, type Limits } from '../core/limits.ts';
import { authSchema, issuerSettings } from './auth-schema.ts';
import { contextSchema } from './context-schema.ts';
import { checkTogether } from './cross-fields.ts';
import { engineNames, knowsEntra, parseDatabaseUrl } from './database-url.ts';
import { entraSchema } from './entra-schema.ts';
import { driftSchema } from './drift-schema.ts';
import { env } from './env-reference.ts';
import { isHostName } from '../core/host-name.ts';
import type { Login } from '../core/principal.ts';
import type { ServerTrust } from '../core/server-trust.ts';
import { contextName, mapName } from './names.ts';
import { policiesSchema } from './policy-schema.ts';
import { object } from './problems.ts';
import { proceduresSchema } from './procedures-schema.ts';
import { withPolicies } from './row-policies.ts';
import { references, type Environment, type References } from './secret.ts';
import type { Settings } from './settings.ts';
import { tablesSchema } from './tables-schema.ts';
import type { TenantryConfig } from './tenantry-config.ts';
import { tlsSchema } from './tls-schema.ts';
import { webhookSchema } from './webhook-schema.ts';

/** The whole configuration: what users write in, `Settings` out, read against one environment. */
export function configSchema(environment: Environment): z.ZodType<Settings, TenantryConfig> {
  const from = references(environment);
  const login = loginSchema(from);
  return object({
    catalog: catalogSchema(from),
    redis: object({ url: from.optional.transform(redisUrl) })
      .optional()
      .transform((redis) => (redis?.url === undefined ? undefined : { url: redis.url })),
    fleetKey: object({
      current: from.required.transform(fleetKey),
      previous: from.optional.transform(optionalFleetKey).optional(),
    }).prefault({ current: env('TENANTRY_FLEET_KEY'), previous: env.optional('TENANTRY_FLEET_KEY_PREVIOUS') }),
    map: object({
      name: mapName,
      kind: z.enum(['list', 'range']),
      key: z.enum(keyTypes),
      context: contextName,
    }),
    logins: object({ app: login, superuser: login, mover: login, admin: login }),
    contextProtection: z.enum(contextProtections).default('guarded'),
    context: contextSchema,
    capabilities: capabilitiesSchema,
    tables: tablesSchema,
    policies: policiesSchema,
    procedures: proceduresSchema,
    tls: tlsSchema(from),
    auth: authSchema(from),
    limits: limitsSchema,
    http: httpSchema,
    webhook: webhookSchema(from),
    drift: driftSchema,
  })
    .superRefine(checkTogether, { when: () => true })
    .transform(({ redis, fleetKey: { current, previous }, auth, tls, catalog, logins, tables, webhook, ...rest }) => ({
      ...rest,
      tables: withPolicies({ tables, policies: rest.policies, context: rest.context }),
      ...(tls === undefined ? {} : { tls }),
      catalog: { ...catalog, login: trusting(catalog.login, tls) },
      logins: {
        app: trusting(logins.app, tls),
        superuser: trusting(logins.superuser, tls),
        mover: trusting(logins.mover, tls),
        admin: trusting(logins.admin, tls),
      },
      auth: { issuers: auth.issuers.map(issuerSettings) },
      ...(redis === undefined ? {} : { redis }),
      ...(webhook === undefined ? {} : { webhook }),
      fleetKey: { current, ...(previous === undefined ? {} : { previous }) },
    }));
}

function trusting(login: Login, trust: ServerTrust | undefined): Login {
  return trust === undefined ? login : { ...login, trust };
}

const catalogSchema = (from: References) =>
  object({
    engine: z.enum(engineNames),
    url: from.required,
    entra: entraSchema(from).optional(),
  }).transform(({ engine, url, entra }, context) => {
    if (entra !== undefined && !knowsEntra(engine))
      return refuse(context, `is for servers that know Entra ID; the catalog's, of ${engine}, takes a user and password in its url`, [
        'entra',
      ]);
    const parsed = parseDatabaseUrl(engine, url, entra === undefined ? 'password' : 'no password');
    if ('problem' in parsed) return refuse(context, parsed.problem, ['url']);
    return entra === undefined ? parsed : { ...parsed, login: { ...parsed.login, entra } };
  });

const loginSchema = (from: References) =>
  object({
    user: from.text,
    password: from.required.optional(),
    entra: entraSchema(from).optional(),
  }).transform(({ user, password, entra }, context): Login => {
    if (password === undefined && entra === undefined) return refuse(context, "needs password: env('NAME'), or entra");
    return { user, ...(password === undefined ? {} : { password }), ...(entra === undefined ? {} : { entra }) };
  });

const count = (least: number, most: number) => z.int().min(least).max(most);

const limitsSchema: z.ZodType<Limits, TenantryConfig['limits']> = object(
  eachLimit(({ least, most, default: value }) => count(least, most).default(value)),
).prefault({});

const whether = z.boolean().optional();
const capabilitiesSchema = object({
  securityPolicies: whether,
  readOnlyContext: whether,
  jsonTables: whether,
  serialPlans: whether,
  resetClearsContext: whether,
  changeTracking: whether,
} satisfies Record<CapabilityName, unknown>)
  .prefault({})
  .transform((given) => {
    const said: { [Name in CapabilityName]?: boolean } = {};
    for (const name of capabilityNames) if (given[name] !== undefined) said[name] = given[name];
    return said;
  });

const host = z.string().refine(isHostName, 'must be a host name or an IP address');

const httpSchema: z.ZodType<Settings['http'], TenantryConfig['http']> = object({
  host: host.default('127.0.0.1'),
  port: count(0, 65_535).default(8080),
  opsHost: host.default('127.0.0.1'),
  opsPort: count(0, 65_535).default(9090),
}).prefault({});

function redisUrl(text: string | undefined, context: z.RefinementCtx): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  const isRedis =
    url !== null && /^rediss?:$/.test(url.protocol) && isHostName(url.hostname.replace(/^\[(.*)\]$/, '$1')) && url.port !== '0';
  return isRedis ? text : refuse(context, 'is not a URL of the form redis://[user:password@]host:port[/number], or rediss:// for TLS');
}

function fleetKey(text: string, context: z.RefinementCtx): FleetKey {
  try {
    return fleetKeyFromBase64(text, 'It');
  } catch {
    return refuse(context, 'must be base64 of 32 random bytes (openssl rand -base64 32 makes one)');
  }
}

const optionalFleetKey = (text: string | undefined, context: z.RefinementCtx): FleetKey | undefined =>
  text === undefined ? undefined : fleetKey(text, context);

function refuse(context: z.RefinementCtx, message: string, path: string[] = []): never {
  context.addIssue({ code: 'custom', path, message });
  return z.NEVER;
}
