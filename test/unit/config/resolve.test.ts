import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { env, resolveConfig } from '../../../src/config.ts';
import { sampleConfig, sampleEnvironment, sampleIssuer } from './sample.ts';

const issuers = (...list: readonly Record<string, unknown>[]) => ({ auth: { issuers: list } });
const [authority = ''] = rootCertificates;

describe('a valid configuration', () => {
  test('is read against the environment, with every default filled in', () => {
    expect(resolveConfig(sampleConfig(), sampleEnvironment)).toEqual({
      catalog: {
        address: { engine: 'postgres', host: 'catalog.example', port: 6432, database: 'shardmap', tls: 'require' },
        login: { user: 'cat', password: 'c@t-secret' },
      },
      fleetKey: { current: new Uint8Array(32).fill(7) },
      map: { name: 'customers', kind: 'list', key: 'int', context: 'TenantId' },
      logins: {
        app: { user: 'app', password: 'pass-word' },
        superuser: { user: 'superuser', password: 'pass-word' },
        mover: { user: 'mover', password: 'pass-word' },
        admin: { user: 'admin', password: 'pass-word' },
      },
      context: [],
      policies: {},
      procedures: [],
      drift: [],
      contextProtection: 'guarded',
      capabilities: {},
      tables: [{ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }],
      auth: { issuers: [] },
      limits: {
        poolPerShard: 10,
        connections: 200,
        perTenant: 8,
        connectTimeoutMs: 5_000,
        catalogTimeoutMs: 5_000,
        statementTimeoutMs: 15_000,
        transactionTimeoutMs: 60_000,
        adminStatementTimeoutMs: 300_000,
        adminLockTimeoutMs: 12_000,
        changeProbeMs: 10_000,
        answerBytes: 16_777_216,
        waitMs: 5_000,
        idleMs: 30_000,
        protectionSweepMs: 60_000,
        unwatchedMs: 30_000,
        cachedTenants: 1_000_000,
        bodyBytes: 1_048_576,
        drainMs: 10_000,
        operationsKept: 100_000,
        operationDays: 90,
      },
      http: { host: '127.0.0.1', port: 8080, opsHost: '127.0.0.1', opsPort: 9090 },
    });
  });

  test('names tables with a schema, and tables without a tenant', () => {
    const { tables } = resolveConfig(sampleConfig({ tables: { 'dbo.Blogs': { tenant: 'T' }, Countries: 'reference' } }), sampleEnvironment);
    expect(tables).toEqual([
      { name: 'dbo.Blogs', schema: 'dbo', table: 'Blogs', tenantColumn: 'T' },
      { name: 'Countries', table: 'Countries' },
    ]);
  });

  test('leaves out what an unset optional variable would have configured', () => {
    const config = sampleConfig({
      redis: { url: env.optional('NOT_SET') },
      fleetKey: { current: env('FLEET'), previous: env.optional('EMPTY') },
    });
    const settings = resolveConfig(config, { ...sampleEnvironment, EMPTY: '' });
    expect(settings).not.toHaveProperty('redis');
    expect(settings.fleetKey).toEqual({ current: new Uint8Array(32).fill(7) });
  });

  test('takes what an optional variable holds', () => {
    const config = sampleConfig({
      redis: { url: env.optional('REDIS') },
      fleetKey: { current: env('FLEET'), previous: env.optional('HMAC') },
    });
    const settings = resolveConfig(config, sampleEnvironment);
    expect(settings.redis).toEqual({ url: sampleEnvironment.REDIS });
    expect(settings.fleetKey.previous).toEqual(new Uint8Array(32).fill(9));
  });

  test('takes the fleet keys from their usual variables where the configuration does not say', () => {
    const environment = { ...sampleEnvironment, TENANTRY_FLEET_KEY: sampleEnvironment.HMAC };
    const config = sampleConfig({ fleetKey: undefined });
    const current = new Uint8Array(32).fill(9);
    expect(resolveConfig(config, environment).fleetKey).toEqual({ current });
    expect(resolveConfig(config, { ...environment, TENANTRY_FLEET_KEY_PREVIOUS: sampleEnvironment.FLEET }).fleetKey).toEqual({
      current,
      previous: new Uint8Array(32).fill(7),
    });
  });

  test('reads logins by Entra ID, with a password beside them for servers that know none', async () => {
    const user = (name: string, entra: unknown) => ({ user: name, entra });
    const config = sampleConfig({
      catalog: { engine: 'mssql', url: env('BY_ENTRA'), entra: { kind: 'default' } },
      logins: {
        app: user('app', { kind: 'token', token: env('HMAC') }),
        superuser: user('superuser', { kind: 'managed-identity', clientId: env('PASSWORD') }),
        mover: { ...user('mover', { kind: 'managed-identity' }), password: env('PASSWORD') },
        admin: user('admin', { kind: 'service-principal', tenantId: 'directory', clientId: 'client', clientSecret: env('PASSWORD') }),
      },
    });
    const { catalog, logins } = resolveConfig(config, { ...sampleEnvironment, BY_ENTRA: 'mssql://cat@catalog.example/shardmap' });
    expect(catalog).toEqual({
      address: { engine: 'mssql', host: 'catalog.example', port: 1433, database: 'shardmap', tls: 'verify-full' },
      login: { user: 'cat', entra: { kind: 'default' } },
    });
    const { app, ...others } = logins;
    expect(app.entra?.kind === 'token' && (await app.entra.token())).toBe(sampleEnvironment.HMAC);
    expect(others).toEqual({
      superuser: { user: 'superuser', entra: { kind: 'managed-identity', clientId: 'pass-word' } },
      mover: { user: 'mover', password: 'pass-word', entra: { kind: 'managed-identity' } },
      admin: {
        user: 'admin',
        entra: { kind: 'service-principal', tenantId: 'directory', clientId: 'client', clientSecret: 'pass-word' },
      },
    });
  });

  test('reads which servers are believed, from a file or from PEM, and gives it to every login', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenantry-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'ca.pem');
    writeFileSync(path, authority);
    const environment = { ...sampleEnvironment, CA: authority, CA_FILE: path };
    const serverNames = { '10.0.0.4': 'sql.example' };
    for (const ca of [path, env('CA'), env('CA_FILE')]) {
      const trust = { ca: authority, serverNames };
      const settings = resolveConfig(sampleConfig({ tls: { ca, serverNames } }), environment);
      expect(settings.tls).toEqual(trust);
      for (const login of [settings.catalog.login, ...Object.values(settings.logins)]) expect(login.trust).toEqual(trust);
    }
    expect(resolveConfig(sampleConfig({ tls: {} }), environment).tls).toEqual({ serverNames: {} });
  });

  test('takes a function that gives the token of a login as it is', () => {
    const token = (): string => 'fresh';
    const logins = { ...sampleConfig().logins, app: { user: 'app', entra: { kind: 'token', token } as const } };
    expect(resolveConfig(sampleConfig({ logins }), sampleEnvironment).logins.app).toEqual({ user: 'app', entra: { kind: 'token', token } });
  });

  test('reads issuers with a key set, a public key, a shared secret', () => {
    const config = sampleConfig(
      issuers(
        sampleIssuer({ tenants: [1, '2'] }),
        sampleIssuer({ issuer: 'pem', jwks: undefined, key: env('PEM'), algorithms: ['EdDSA'], tenantClaim: 'org' }),
        sampleIssuer({ issuer: 'dev', jwks: undefined, key: env('HMAC'), algorithms: ['HS256'], development: true }),
      ),
    );
    expect(resolveConfig(config, sampleEnvironment).auth.issuers).toEqual([
      {
        issuer: 'https://id.example',
        audience: 'api',
        algorithms: ['RS256'],
        tenantClaim: 'tenant',
        development: false,
        tenants: new Set(['1', '2']),
        keys: { kind: 'jwks', url: new URL('https://id.example/keys') },
      },
      {
        issuer: 'pem',
        audience: 'api',
        algorithms: ['EdDSA'],
        tenantClaim: 'org',
        development: false,
        tenants: '*',
        keys: { kind: 'public', pem: sampleEnvironment.PEM },
      },
      {
        issuer: 'dev',
        audience: 'api',
        algorithms: ['HS256'],
        tenantClaim: 'tenant',
        development: true,
        tenants: '*',
        keys: { kind: 'secret', secret: new Uint8Array(32).fill(9) },
      },
    ]);
  });
});
