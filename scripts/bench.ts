import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { figureText, jsonLine, meetsGoal, type Bench } from '../test/bench/harness/bench.ts';

const folder = new URL('../test/bench/', import.meta.url);
const usage = 'Usage: npm run bench -- NAME [--json] [--check]';

/** Names of the benchmarks: the files `NAME.bench.ts`. */
function benchNames(): string[] {
  return readdirSync(folder)
    .flatMap((file) => /^(.+)\.bench\.ts$/.exec(file)?.[1] ?? [])
    .toSorted();
}

async function loadBench(name: string): Promise<Bench> {
  const module = (await import(new URL(`${name}.bench.ts`, folder).href)) as { readonly bench?: Bench };
  if (module.bench === undefined) throw new Error(`test/bench/${name}.bench.ts exports no bench.`);
  return module.bench;
}

/** What the command line asks for; undefined, with a message, where it cannot be done. */
function readArguments(): { name: string; json: boolean; check: boolean } | undefined {
  const names = benchNames();
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
    });
    const [name, ...more] = positionals;
    if (name !== undefined && names.includes(name) && more.length === 0) return { name, ...values };
    console.error(
      `${name === undefined ? 'Name a benchmark.' : more.length > 0 ? 'Name one benchmark.' : `There is no benchmark ${name}.`} There are: ${names.join(', ')}.\n${usage}`,
    );
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  return undefined;
}

const asked = readArguments();
if (asked === undefined) process.exitCode = 1;
else {
  const bench = await loadBench(asked.name);
  if (!asked.json) console.log(bench.title);
  let missed = 0;
  await bench.run((figure) => {
    if (!meetsGoal(figure)) missed++;
    console.log(asked.json ? jsonLine(asked.name, figure) : figureText(figure));
  });
  if (!asked.json) console.log(missed === 0 ? 'Every goal is met.' : `${missed} ${missed === 1 ? 'goal is' : 'goals are'} missed.`);
  if (asked.check && missed > 0) process.exitCode = 1;
}
