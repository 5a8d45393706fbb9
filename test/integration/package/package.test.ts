import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string; dependencies: Record<string, string> };

/** A folder of somebody who installed the packed package: it and its dependencies, none of the development ones. */
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-package-'));
  await run('npm', ['pack', '--pack-destination', folder, '--loglevel', 'error'], { cwd: root });
  const installed = join(folder, 'node_modules', 'tenantry');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, `tenantry-${manifest.version}.tgz`), '-C', installed, '--strip-components', '1']);
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  chmodSync(join(installed, 'bin/tenantry.js'), 0o755);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function inFolder(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, [...args], { cwd: folder });
}

describe('the packed package', () => {
  it('can be imported, and compiles statements with its own classes', async () => {
    const program =
      "import { sql, TenantryError } from 'tenantry'; console.log(sql`select ${1}`.constructor.name, new TenantryError('NOT_FOUND').code);";
    expect((await inFolder('--input-type=module', '--eval', program)).stdout).toBe('Sql NOT_FOUND\n');
  });

  it("has types under which the README's program and the whole promise of the library compile strictly", async () => {
    const [, readme = ''] = /^```ts\n(.*?)^```/ms.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
    expect(readme).toContain("from 'tenantry'");
    writeFileSync(join(folder, 'readme.ts'), readme);
    const example = readFileSync(join(root, 'test/support/fixtures/library-example.ts'), 'utf8');
    writeFileSync(join(folder, 'example.ts'), example.replace("'../../../src/index.ts'", "'tenantry'"));
    // skipLibCheck is off: the package's own declarations are checked too.
    const options = { strict: true, noEmit: true, module: 'nodenext', target: 'es2024', types: ['node'], exactOptionalPropertyTypes: true };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['readme.ts', 'example.ts'] }));
    const { stdout } = await run(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  });

  it('runs its command line', async () => {
    const program = join('node_modules', 'tenantry', 'bin', 'tenantry.js');
    expect((await inFolder(program, '--version')).stdout).toBe(`${manifest.version}\n`);
    expect((await inFolder(program, '--help')).stdout).toContain('Usage: tenantry');
  });

  it('brings its SQL files, and neither sources nor tests', async () => {
    const { stdout } = await run('tar', ['-tzf', join(folder, `tenantry-${manifest.version}.tgz`)]);
    const files = stdout
      .trim()
      .split('\n')
      .map((path) => path.replace('package/', ''));
    expect(files).toContain('dist/sql/postgres/queries/catalog/find-mapping.sql');
    expect(files).toContain('LICENSE');
    expect(files.filter((path) => !/^(bin|dist)\//.test(path)).toSorted()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'].filter((path) => files.includes(path)),
    );
    expect(files.filter((path) => /\.test\.|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });
});
