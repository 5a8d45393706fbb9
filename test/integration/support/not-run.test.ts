import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs the suite that needs a Redis of its own with a PATH on which there is none. */
function runWithoutRedis(required: string): Promise<{ code: number; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-path-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync('/bin/cp', join(folder, 'cp'));
  const args = [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--project',
    'integration',
    'test/integration/support/servers',
    '-t',
    'a Redis server',
  ];
  const env = { ...process.env, PATH: folder, TENANTRY_TEST_REQUIRE: required, TENANTRY_TEST_REDIS: '' };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

describe('a run on a machine without Redis', () => {
  it('passes, and says by name what could not run and why', async () => {
    const { code, output } = await runWithoutRedis('postgres');
    expect(code).toBe(0);
    expect(output).toContain(
      'Could not run – redis-server: there is no redis-server on the PATH\n  a Redis server of the tests > can run\n0 passed, 0 failed, 1 could not run',
    );
  });

  it('fails where TENANTRY_TEST_REQUIRE names it', async () => {
    const { code, output } = await runWithoutRedis('postgres, redis-server');
    expect(code).toBe(1);
    expect(output).toContain('TENANTRY_TEST_REQUIRE asks for what is not there:\n  redis-server: there is no redis-server on the PATH');
  });

  it('refuses a TENANTRY_TEST_REQUIRE that names what no test needs', async () => {
    const { code, output } = await runWithoutRedis('oracle');
    expect(code).toBe(1);
    expect(output).toContain(
      'TENANTRY_TEST_REQUIRE names oracle; no test needs that. Allowed: postgres, redis, redis-server, mssql, openssl, mono.',
    );
  });
});
