import { generateKeyPairSync } from 'node:crypto';
import { defineConfig, env, type TenantryConfig } from '../../../src/config.ts';

/** A complete environment for `sampleConfig`. */
export const sampleEnvironment = {
  CATALOG: 'postgres://cat:c%40t-secret@catalog.example:6432/shardmap?sslmode=require',
  FLEET: Buffer.alloc(32, 7).toString('base64'),
  MSSQL: 'mssql://cat:c%40t-secret@catalog.example/shardmap',
  PASSWORD: 'pass-word',
  REDIS: 'redis://red:redis-secret@localhost:6379/1',
  HMAC: Buffer.alloc(32, 9).toString('base64'),
  PEM: generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
} as const;

const login = (user: string) => ({ user, password: env('PASSWORD') });

/** The least that is valid, with parts replaced. */
export function sampleConfig(parts: Partial<Record<string, unknown>> = {}): TenantryConfig {
  const sample = defineConfig({
    catalog: { engine: 'postgres', url: env('CATALOG') },
    fleetKey: { current: env('FLEET') },
    map: { name: 'customers', kind: 'list', key: 'int', context: 'TenantId' },
    logins: { app: login('app'), superuser: login('superuser'), mover: login('mover'), admin: login('admin') },
    tables: { Blogs: { tenant: 'TenantId' } },
  });
  return { ...sample, ...parts };
}

/** A valid issuer, with parts replaced. */
export function sampleIssuer(parts: Partial<Record<string, unknown>> = {}): Record<string, unknown> {
  return { issuer: 'https://id.example', audience: 'api', jwks: 'https://id.example/keys', algorithms: ['RS256'], tenants: '*', ...parts };
}
