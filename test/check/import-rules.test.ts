import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const copied = ['src', 'shardmap', 'scripts', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts', '.fallowrc.jsonc'];

/** A copy of the project, to plant faults in. */
let copy: string;
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'tenantry-rules-'));
  for (const name of copied) if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true });
});
afterEach(() => rmSync(copy, { recursive: true }));

/** Exit code and text of the same command that `npm run check` runs, in the copy. */
function checkRules(): Promise<{ code: number; report: string }> {
  const program = join(root, 'node_modules', '.bin', 'fallow');
  return new Promise((resolve) => {
    execFile(
      program,
      ['dead-code', '--quiet', '--fail-on-issues', '--no-cache', '--format', 'json'],
      { cwd: copy, maxBuffer: 1e8 },
      (error, stdout) => {
        resolve({ code: error === null ? 0 : Number(error.code), report: stdout });
      },
    );
  });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  writeFileSync(join(copy, path), text);
}

/** Planted modules are used by a planted test, so that only the planted fault is wrong with them. */
function reach(...paths: readonly string[]): void {
  const lines = paths.map((path, index) => `import { planted as planted${index} } from '../../${path}';\nconsole.log(planted${index});\n`);
  write('test/unit/planted.test.ts', lines.join(''));
}

describe('the import rules', () => {
  it('say nothing of a module that keeps them', async () => {
    write('src/router/planted.ts', "import { tenantKey } from '../../shardmap/key.ts';\nexport const planted = tenantKey;\n");
    reach('src/router/planted.ts');
    expect((await checkRules()).report).not.toContain('planted');
  });

  it('fail for every arrow in the wrong direction', async () => {
    const arrows = [
      // the shard map and the engine know of each other
      ['shardmap/planted.ts', '../src/engine/schema-files.ts', 'shardSchemaFiles'],
      ['src/engine/planted.ts', '../../shardmap/key.ts', 'tenantKey'],
      // what stands below knows what stands above
      ['src/core/planted.ts', '../router/limits.ts', 'defaultRouterLimits'],
      ['src/router/planted.ts', '../http/http-server.ts', 'createHttpServer'],
      ['src/cli/planted.ts', '../main.ts', 'createTenantry'],
      // a concrete engine is named by others than main.ts
      ['src/policy/planted.ts', '../engine/postgres/postgres-engine.ts', 'createPostgresEngine'],
      ['src/http/planted.ts', '../engine/postgres/postgres-engine.ts', 'createPostgresEngine'],
      // the program imports what is for tests
      ['src/config/planted.ts', '../../test/support/random.ts', 'checkProperty'],
    ] as const;
    for (const [path, target, name] of arrows) write(path, `import { ${name} } from '${target}';\nexport const planted = ${name};\n`);
    reach(...arrows.map(([path]) => path));
    const { code, report } = await checkRules();
    expect(code).not.toBe(0);
    const { boundary_violations: violations } = JSON.parse(report) as { boundary_violations: { from_path: string }[] };
    expect(violations.map((violation) => violation.from_path).toSorted()).toEqual(arrows.map(([path]) => path).toSorted());
  });

  it('fail for a file that lies in no room', async () => {
    write('src/elsewhere/planted.ts', 'export const planted = 1;\n');
    reach('src/elsewhere/planted.ts');
    const { code, report } = await checkRules();
    expect(code).not.toBe(0);
    expect(JSON.parse(report)).toMatchObject({ boundary_coverage_violations: [{ path: 'src/elsewhere/planted.ts' }] });
  });

  it('fail for a cycle', async () => {
    write('src/core/planted.ts', "import { other } from './other.ts';\nexport const planted = (): number => other();\n");
    write('src/core/other.ts', "import { planted } from './planted.ts';\nexport const other = (): number => planted();\n");
    reach('src/core/planted.ts');
    const { code, report } = await checkRules();
    expect(code).not.toBe(0);
    expect((JSON.parse(report) as { circular_dependencies: { files: string[] }[] }).circular_dependencies[0]?.files.toSorted()).toEqual([
      'src/core/other.ts',
      'src/core/planted.ts',
    ]);
  });

  it('fail for an export that nobody uses', async () => {
    appendFileSync(join(copy, 'src/core/errors.ts'), '\nexport const planted = 1;\n');
    const { code, report } = await checkRules();
    expect(code).not.toBe(0);
    expect(JSON.parse(report)).toMatchObject({
      unused_exports: expect.arrayContaining([expect.objectContaining({ path: 'src/core/errors.ts', export_name: 'planted' })]),
    });
  });

  it('fail for a file that nobody reaches', async () => {
    write('src/core/planted.ts', 'export const planted = 1;\n');
    const { code, report } = await checkRules();
    expect(code).not.toBe(0);
    expect(JSON.parse(report)).toMatchObject({
      unused_files: expect.arrayContaining([expect.objectContaining({ path: 'src/core/planted.ts' })]),
    });
  });

  it.each(['dependencies', 'devDependencies'] as const)('fail for an unused package of the %s', async (kind) => {
    const manifest = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
    manifest[kind]!['left-pad'] = '1.3.0';
    write('package.json', JSON.stringify(manifest));
    const { code, report } = await checkRules();
    expect(code).not.toBe(0);
    expect(report).toContain('left-pad');
  });
});
