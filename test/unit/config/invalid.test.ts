import { describe, expect, test } from 'vitest';
import { env } from '../../../src/config.ts';
import { byReference, problemsOf } from './problems-of.ts';
import { sampleConfig, sampleEnvironment, sampleIssuer } from './sample.ts';

const issuers = (...list: readonly Record<string, unknown>[]) => ({ auth: { issuers: list } });
const allKeys =
  'catalog, redis, fleetKey, map, logins, contextProtection, context, capabilities, tables, policies, procedures, tls, auth, limits, http, webhook, drift';

describe('an invalid configuration is refused with every problem, its path and what is allowed', () => {
  const cases: readonly (readonly [title: string, config: unknown, problems: readonly string[]])[] = [
    ['nothing', undefined, ['(the whole): is missing']],
    ['a list', [], ['(the whole): must be an object']],
    [
      'an empty object',
      {},
      [
        'catalog: is missing',
        'fleetKey.current: the environment variable TENANTRY_FLEET_KEY is not set',
        'map: is missing',
        'logins: is missing',
        'tables: is missing',
      ],
    ],
    [
      'unknown keys, near and far',
      sampleConfig({ tabels: {}, polices: {}, limits: { poolPershard: 3 } }),
      [
        'limits: unknown key "poolPershard" (did you mean "poolPerShard"?); allowed are poolPerShard, connections, perTenant, connectTimeoutMs, catalogTimeoutMs, statementTimeoutMs, transactionTimeoutMs, adminStatementTimeoutMs, adminLockTimeoutMs, changeProbeMs, answerBytes, waitMs, idleMs, protectionSweepMs, unwatchedMs, cachedTenants, bodyBytes, drainMs, operationsKept, operationDays',
        `(the whole): unknown key "tabels" (did you mean "tables"?), "polices" (did you mean "policies"?); allowed are ${allKeys}`,
      ],
    ],
    [
      'values of the context that no policy could go by',
      sampleConfig({
        context: {
          'user id': { type: 'string' },
          userId: { type: 'text' },
          team: { type: 'int', claim: 'team', transform: 'sha256' },
          hashed: { type: 'string', transform: 'sha256' },
          device: { type: 'uuid', claim: '', transform: 'md5' },
        },
      }),
      [
        'context.user id: must be a name of 1 to 63 letters, digits or _, the first no digit',
        'context.userId.type: must be one of string, int, bigint, uuid, strings',
        'context.team.transform: gives a text, which a value of type int is not',
        'context.hashed.transform: is for what comes from a claim; say which',
        'context.device.claim: must be the name of a claim',
        'context.device.transform: must be sha256',
      ],
    ],
    [
      'a webhook that would tell in the clear, or with a secret that anybody could guess or read',
      sampleConfig({ webhook: { url: 'http://ops.example/hook', secret: env('PASSWORD'), retries: 3 } }),
      [
        'webhook.url: must be an https URL without a user, or http on loopback',
        'webhook.secret: must be whsec_ and base64 of 24 to 64 random bytes (openssl rand -base64 32 makes the latter)',
        'webhook: unknown key "retries"; allowed are url, secret',
      ],
    ],
    [
      'a webhook with a user in its address, and a secret that is written down',
      sampleConfig({ webhook: { url: 'https://me:pass@ops.example/hook', secret: 'whsec_AAAA' } }),
      ['webhook.url: must be an https URL without a user, or http on loopback', `webhook.secret: ${byReference}`],
    ],
    [
      'an engine that is not supported',
      sampleConfig({ catalog: { engine: 'oracle', url: env('CATALOG') } }),
      ['catalog.engine: must be one of postgres, mssql'],
    ],
    [
      'a literal catalog URL',
      sampleConfig({ catalog: { engine: 'postgres', url: 'postgres://u:p@h/d' } }),
      [`catalog.url: ${byReference}`],
    ],
    [
      'an optional catalog URL',
      sampleConfig({ catalog: { engine: 'postgres', url: env.optional('CATALOG') } }),
      [`catalog.url: ${byReference}`],
    ],
    ['a reference with a bad name', sampleConfig({ fleetKey: { current: env('FLEET KEY') } }), [`fleetKey.current: ${byReference}`]],
    ['a literal fleet key', sampleConfig({ fleetKey: { current: 'AAAA' } }), [`fleetKey.current: ${byReference}`]],
    [
      'a fleet key of another length',
      sampleConfig({ fleetKey: { current: env('PASSWORD'), previous: env('PASSWORD') } }),
      ['current', 'previous'].map((key) => `fleetKey.${key}: must be base64 of 32 random bytes (openssl rand -base64 32 makes one)`),
    ],
    [
      'a fleet key that replaces itself',
      sampleConfig({ fleetKey: { current: env('FLEET'), previous: env('FLEET') } }),
      ['fleetKey.previous: must be another key than fleetKey.current'],
    ],
    [
      'a literal Redis URL, and one that is no Redis URL',
      sampleConfig({ redis: { url: env('CATALOG') } }),
      ['redis.url: is not a URL of the form redis://[user:password@]host:port[/number], or rediss:// for TLS'],
    ],
    [
      'a map of unknown kind, key and names',
      sampleConfig({ map: { name: 'a b', kind: 'hash', key: 'integer', context: '1' } }),
      [
        "map.name: must be 1 to 63 letters, digits, '_', '.' or '-', the first a letter or digit",
        'map.kind: must be one of list, range',
        'map.key: must be one of int, bigint, uuid, string, bytes',
        'map.context: must be a name of 1 to 63 letters, digits or _, the first no digit',
      ],
    ],
    [
      'a literal password and missing logins',
      sampleConfig({ logins: { app: { user: 'app', password: 'hunter2' }, admin: { user: '', password: env('PASSWORD') } } }),
      [
        `logins.app.password: ${byReference}`,
        'logins.superuser: is missing',
        'logins.mover: is missing',
        "logins.admin.user: must be text or env('NAME')",
      ],
    ],
    [
      'logins by Entra ID of a wrong form',
      sampleConfig({
        catalog: { engine: 'postgres', url: env('CATALOG'), entra: { kind: 'default' } },
        logins: {
          app: { user: 'app' },
          superuser: { user: 'superuser', entra: { kind: 'service-principal', tenantId: 'd', clientId: 'c', clientSecret: 'hunter2' } },
          mover: { user: 'mover', entra: { kind: 'password' } },
          admin: { user: 'admin', entra: { kind: 'token', token: 'hunter2' } },
        },
      }),
      [
        "catalog.entra: is for servers that know Entra ID; the catalog's, of postgres, takes a user and password in its url",
        "logins.app: needs password: env('NAME'), or entra",
        `logins.superuser.entra.clientSecret: ${byReference}`,
        'logins.mover.entra.kind: must have a kind, which is one of default, service-principal, managed-identity, token',
        "logins.admin.entra.token: must be env('NAME'), or a function that gives a token",
      ],
    ],
    [
      'certificates and names of servers that are none',
      sampleConfig({ tls: { ca: './no-such-file.pem', serverNames: { 'a b': 'sql.example', '10.0.0.4': '256.1.1.1' } } }),
      [
        'tls.ca: names a file that cannot be read; it must be the path of a file with certificates in PEM, or the PEM itself',
        'tls.serverNames.a b: must be a host name or an IP address',
        'tls.serverNames.10.0.0.4: must be a host name or an IP address',
      ],
    ],
    [
      'a public key where a certificate is wanted',
      sampleConfig({ tls: { ca: env('PEM') } }),
      ['tls.ca: must hold certificates of authorities in PEM, and nothing broken'],
    ],
    [
      'a catalog by Entra ID with a password',
      sampleConfig({ catalog: { engine: 'mssql', url: env('MSSQL'), entra: { kind: 'default' } } }),
      ['catalog.url: has a password, and the login is by entra: leave one of them out'],
    ],
    [
      'one login for several principals',
      sampleConfig({
        logins: Object.fromEntries(
          ['app', 'superuser', 'mover', 'admin'].map((name) => [
            name,
            { user: name === 'admin' ? 'adm' : 'one', password: env('PASSWORD') },
          ]),
        ),
      }),
      ['superuser', 'mover'].map((name) => `logins.${name}.user: is that of logins.app; every principal needs a login of its own`),
    ],
    [
      'a protection that does not exist',
      sampleConfig({ contextProtection: 'strong' }),
      ['contextProtection: must be one of plain, mac, guarded'],
    ],
    [
      'capabilities that nobody asks for, or are no yes or no',
      sampleConfig({ capabilities: { securityPolicy: true, jsonTables: 'yes' } }),
      [
        'capabilities.jsonTables: must be true or false',
        'capabilities: unknown key "securityPolicy" (did you mean "securityPolicies"?); allowed are securityPolicies, readOnlyContext, jsonTables, serialPlans, resetClearsContext, changeTracking',
      ],
    ],
    ['no tables', sampleConfig({ tables: {} }), ['tables: needs at least one table with a tenant column']],
    ['reference tables alone', sampleConfig({ tables: { A: 'reference' } }), ['tables: needs at least one table with a tenant column']],
    [
      'tables of a wrong form',
      sampleConfig({ tables: { A: { tenant: 3 }, B: { tennant: 'T' }, C: 'shared', 'a.b.c': 'reference' } }),
      [
        'tables.A.tenant: must be text',
        'tables.B.tenant: is missing',
        'tables.B: unknown key "tennant" (did you mean "tenant"?); allowed are tenant, parent, sample',
        "tables.C: must be { tenant: 'the tenant column' } or 'reference'",
        "tables.a.b.c: must be a table's name, or a schema and a table's name with a dot between",
      ],
    ],
    [
      'limits out of their bounds',
      sampleConfig({ limits: { poolPerShard: 0, connections: 1.5, perTenant: '8', bodyBytes: 2 ** 40 } }),
      [
        'limits.poolPerShard: must be at least 1',
        'limits.connections: must be a whole number',
        'limits.perTenant: must be a number',
        'limits.bodyBytes: must be at most 1073741824',
      ],
    ],
    [
      'hosts and ports that cannot be',
      sampleConfig({ http: { host: 'a b', port: 70_000, opsHost: '256.1.1.1', opsPort: -1 } }),
      [
        'http.host: must be a host name or an IP address',
        'http.port: must be at most 65535',
        'http.opsHost: must be a host name or an IP address',
        'http.opsPort: must be at least 0',
      ],
    ],
  ];
  test.each(cases)('%s', (_title, config, problems) => {
    expect(problemsOf(config)).toEqual(problems);
  });

  test('what is wrong with fields together stands beside what is wrong with others alone', () => {
    const config = {
      ...sampleConfig({
        tabels: {},
        limits: { perTenant: 0 },
        ...issuers(
          sampleIssuer({ audience: '', tenants: ['01'], development: true }),
          sampleIssuer({ jwks: undefined, key: 'a literal key', tenants: [7] }),
          sampleIssuer({ issuer: 'https://other.example', tenants: [], algorithms: ['RS256', 'HS256'] }),
        ),
      }),
      contextProtection: 'none',
    };
    expect(problemsOf(config, { ...sampleEnvironment, CATALOG: '' }).map((line) => line.split('. ')[0])).toEqual([
      'catalog.url: the environment variable CATALOG is not set',
      'contextProtection: must be one of plain, mac, guarded',
      "auth.issuers[0].audience: must be text or env('NAME')",
      `auth.issuers[1].key: ${byReference}`,
      'auth.issuers[2].tenants: must name at least one tenant, or be *',
      'limits.perTenant: must be at least 1',
      `(the whole): unknown key "tabels" (did you mean "tables"?); allowed are ${allKeys}`,
      'auth.issuers[0].development: needs algorithms of HS256, HS384 or HS512 and a key',
      'auth.issuers[0].tenants: names "01"',
      'auth.issuers[1].issuer: is configured twice; an issuer stands once',
      'auth.issuers[2].algorithms: must not mix HS256, HS384 or HS512 with the others',
    ]);
  });

  test('fields whose like is not valid are not looked at together', () => {
    const config = sampleConfig({
      map: { name: 'customers', kind: 'list', key: 'integer', context: 'T' },
      ...issuers(sampleIssuer({ tenants: ['01'] })),
    });
    expect(problemsOf(config)).toEqual(['map.key: must be one of int, bigint, uuid, string, bytes']);
    for (const auth of [[], { issuers: 'x' }, { issuers: [7] }]) expect(problemsOf(sampleConfig({ auth }))).toHaveLength(1);
  });

  test('missing variables are all named at once', () => {
    expect(problemsOf(sampleConfig(), { FLEET: '' })).toEqual([
      'catalog.url: the environment variable CATALOG is not set',
      'fleetKey.current: the environment variable FLEET is not set',
      ...['app', 'superuser', 'mover', 'admin'].map((login) => `logins.${login}.password: the environment variable PASSWORD is not set`),
    ]);
  });

  test('a missing variable stands beside the other problems', () => {
    expect(problemsOf(sampleConfig({ limits: { perTenant: 0 } }), { ...sampleEnvironment, CATALOG: undefined })).toEqual([
      'catalog.url: the environment variable CATALOG is not set',
      'limits.perTenant: must be at least 1',
    ]);
  });
});
