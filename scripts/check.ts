import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { notRunCode } from './check/not-run.ts';

/** Everything that is checked without running the program; all of it at once, since each leaves a core idle now and then. */
const checks: Readonly<Record<string, readonly string[]>> = {
  types: ['tsc'],
  lint: ['oxlint', '--quiet'],
  format: ['oxfmt', '--check', '.'],
  'import rules and unused code': ['fallow', 'dead-code', '--quiet', '--fail-on-issues'],
  'SQL library': [process.execPath, 'scripts/check-sql.ts'],
  'T-SQL': [process.execPath, 'scripts/check-tsql.ts'],
  'generated pages': [process.execPath, 'scripts/generate-docs.ts', '--check'],
};

const root = fileURLToPath(new URL('..', import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

function run([program = '', ...args]: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

const results = await Promise.all(
  Object.entries(checks).map(async ([name, command]) => {
    const started = performance.now();
    const { code, output } = await run(command);
    const word = code === 0 ? 'ok     ' : code === notRunCode ? 'NOT RUN' : 'FAILED ';
    console.log(`${word} ${name} (${((performance.now() - started) / 1_000).toFixed(1)} s)`);
    if (code !== 0) console.log(output.trimEnd());
    return code;
  }),
);

const passed = results.filter((code) => code === 0).length;
const failed = results.filter((code) => code !== 0 && code !== notRunCode).length;
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
