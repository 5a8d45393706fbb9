import { existsSync, globSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notRun } from './check/not-run.ts';
import { cacheFolder, compileTsql, contentName, missingPrograms } from './tsql-check/compiler.ts';
import { libraryModels } from './tsql-check/models.ts';

// Microsoft's compiler over every T-SQL file. `check-tsql.ts FOLDER` takes another folder than sql/mssql.
const library = resolve(process.argv[2] ?? fileURLToPath(new URL('../sql/mssql', import.meta.url)));

const missing = missingPrograms();
if (missing.length > 0) notRun(`${missing.join(', ')} is not on the PATH (Debian: mono-devel; .NET SDK)`);

const quickstart = fileURLToPath(new URL('../compose/tables.mssql.sql', import.meta.url));
const models = [...libraryModels(library), { name: 'quickstart', schema: [], scripts: [quickstart] }];
const files = [...new Set(models.flatMap(({ schema, queries = [], scripts = [] }) => [...schema, ...queries, ...scripts]))];
const forgotten = globSync('**/*.sql', { cwd: library }).filter((name) => !files.includes(join(library, name)));
for (const name of forgotten) console.error(`${name} is in no model of scripts/tsql-check/models.ts`);

// What has passed once passes again while nothing of it has changed.
const modelling = fileURLToPath(new URL('tsql-check/models.ts', import.meta.url));
const passedBefore = join(cacheFolder(), `${contentName([...files, modelling])}.passed`);
const { passed, text } = existsSync(passedBefore) ? { passed: true, text: 'nothing has changed' } : await compileTsql(models);
console.log(text);
if (passed) writeFileSync(passedBefore, '');
if (!passed || forgotten.length > 0) process.exitCode = 1;
