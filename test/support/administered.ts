import { onTestFinished } from 'vitest';
import type { SqlDatabase } from '../../src/core/session.ts';
import { createMssqlEngine } from '../../src/engine/mssql/mssql-engine.ts';
import { mssqlPolicyRenderer } from '../../src/engine/mssql/policy-renderer.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { PolicyEngine } from '../../src/policy/policy-engine.ts';
import { secretPassword } from './scripted-shard.ts';
import type { TdsServer } from './tds/server.ts';

/** The database of a scripted server as admin changes it, over one connection; both end with the test. */
export function administered(server: TdsServer): {
  readonly engine: PolicyEngine & Pick<Engine, 'contextForms' | 'watchesApart'>;
  readonly database: SqlDatabase;
} {
  const engine = { ...createMssqlEngine(), renderer: mssqlPolicyRenderer };
  const address = { engine: 'mssql', host: server.host, port: server.port, database: 'shop', tls: 'disable' } as const;
  const database = engine.open(address, { user: 'admin', password: secretPassword }, { connections: 1, connectTimeoutMs: 60_000 });
  onTestFinished(async () => {
    await database.close();
    await server.close();
  });
  return { engine, database };
}
