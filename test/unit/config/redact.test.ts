import { expect, test } from 'vitest';
import { env, resolveConfig } from '../../../src/config.ts';
import { redactSettings } from '../../../src/config/redact.ts';
import { sampleConfig, sampleEnvironment, sampleIssuer } from './sample.ts';

test('a shown configuration hides every secret and nothing else', () => {
  const config = sampleConfig({
    redis: { url: env('REDIS') },
    webhook: { url: 'https://ops.example/hooks/s3cret-path', secret: env('WEBHOOK') },
    fleetKey: { current: env('FLEET'), previous: env('HMAC') },
    logins: {
      ...sampleConfig().logins,
      mover: { user: 'mover', entra: { kind: 'token', token: env('PASSWORD') } },
      admin: {
        user: 'admin',
        entra: { kind: 'service-principal', tenantId: 'directory', clientId: 'client', clientSecret: env('PASSWORD') },
      },
    },
    tables: { Blogs: { tenant: 'TenantId' }, Countries: 'reference' },
    auth: {
      issuers: [
        sampleIssuer({ tenants: ['1'] }),
        sampleIssuer({ issuer: 'dev', jwks: undefined, key: env('HMAC'), algorithms: ['HS256'], development: true }),
      ],
    },
  });
  const shown = redactSettings(resolveConfig(config, { ...sampleEnvironment, WEBHOOK: `whsec_${sampleEnvironment.HMAC}` }));
  const text = JSON.stringify(shown);
  for (const secret of ['c@t-secret', 'pass-word', 'redis-secret', 's3cret-path', sampleEnvironment.FLEET, sampleEnvironment.HMAC])
    expect(text).not.toContain(secret);
  expect(shown).toMatchObject({
    catalog: {
      engine: 'postgres',
      host: 'catalog.example',
      port: 6432,
      database: 'shardmap',
      tls: 'require',
      user: 'cat',
      password: '(hidden)',
    },
    redis: { url: 'redis://(hidden):(hidden)@localhost:6379/1' },
    webhook: { url: 'https://ops.example/(hidden)', secret: '(hidden)' },
    fleetKey: { current: '(hidden)', previous: '(hidden)' },
    logins: {
      app: { user: 'app', password: '(hidden)' },
      mover: { user: 'mover', entra: { kind: 'token', token: '(hidden)' } },
      admin: {
        user: 'admin',
        entra: { kind: 'service-principal', tenantId: 'directory', clientId: 'client', clientSecret: '(hidden)' },
      },
    },
    tables: { Blogs: { tenant: 'TenantId' }, Countries: 'reference' },
    auth: {
      issuers: [
        { issuer: 'https://id.example', jwks: 'https://id.example/keys', tenants: ['1'] },
        { issuer: 'dev', key: '(hidden)', tenants: '*' },
      ],
    },
    limits: { perTenant: 8 },
  });
});
