import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Everything that is checked without running the program; all of it at once, since each leaves a core idle now and then. */
const checks: Readonly<Record<string, readonly string[]>> = {
  types: ['tsc'],
  lint: ['oxlint', '--quiet'],
  format: ['oxfmt', '--check', '.'],
  'import rules and unused code': ['fallow', 'dead-code', '--quiet', '--fail-on-issues'],
  'SQL library': [process.execPath, 'scripts/check-sql.ts'],
  'generated pages': [process.execPath, 'scripts/generate-docs.ts', '--check'],
};

const root = fileURLToPath(new URL('..', import.meta.url));

interface Outcome {
  readonly passed: boolean;
  readonly output: string;
}

function run([program = '', ...args]: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ passed: code === 0, output }));
  });
}

const results = await Promise.all(
  Object.entries(checks).map(async ([name, command]) => {
    const started = performance.now();
    const { passed, output } = await run(command);
    console.log(`${passed ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - started) / 1_000).toFixed(1)} s)`);
    if (!passed) console.log(output);
    return passed;
  }),
);

console.log(`${results.filter(Boolean).length} passed, ${results.filter((passed) => !passed).length} failed`);
if (results.includes(false)) process.exitCode = 1;
