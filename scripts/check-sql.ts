import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { twinProblems } from './check/twins.ts';

// The files of the query library and the code that names them belong together: none unused, none missing; and every engine has the
// same ones. `check-sql.ts FOLDER` compares the engines in another folder than sql.
const root = fileURLToPath(new URL('..', import.meta.url));
const library = 'sql/postgres/queries/';

const files = new Set(globSync(`${library}**/*.sql`, { cwd: root }).map((path) => path.slice(library.length, -'.sql'.length)));
const code = globSync('{src,shardmap}/**/*.ts', { cwd: root }).map((path) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }));

const unused = [...files].filter((file) => !code.some(({ text }) => text.includes(`'${file}'`)));
const missing = code.flatMap(({ path, text }) =>
  [...text.matchAll(/\.run(?:<[^(]*>)?\(\s*'([^']+)'/g)].flatMap(([, file = '']) =>
    files.has(file) ? [] : [`${path} runs ${file}, which is not there`],
  ),
);

const twins = twinProblems(resolve(process.argv[2] ?? `${root}/sql`));

const problems = [...unused.map((file) => `${library}${file}.sql is used by nobody`), ...missing, ...twins];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
