import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorCatalogue, type ErrorCode } from '../src/core/errors.ts';
import { eachLimit } from '../src/core/limits.ts';
import { shownAs } from '../src/http/problem.ts';
import { findingCatalogue } from '../src/policy/finding-catalogue.ts';
import type { FindingKind } from '../src/policy/finding-kinds/finding-kind.ts';

/** What each page is made from, by its path. */
const pages: Readonly<Record<string, () => string>> = {
  'docs/errors.md': errorsPage,
  'docs/limits.md': limitsPage,
  'docs/policy-findings.md': findingsPage,
};

function errorsPage(): string {
  const statusOf = (code: ErrorCode): number => errorCatalogue[shownAs[code] ?? code].status;
  const rows = (Object.keys(errorCatalogue) as ErrorCode[])
    .toSorted((one, other) => statusOf(one) - statusOf(other))
    .map((code) => {
      const { retryable, text } = errorCatalogue[code];
      const shown = shownAs[code] === undefined ? '' : `, as \`${shownAs[code]}\``;
      return `| \`${code}\` | ${statusOf(code)}${shown} | ${retryable ? 'yes' : 'no'} | ${text} |`;
    });
  return [
    '# Errors',
    '',
    'Every error that leaves Tenantry is a `TenantryError` with one of these codes. Over HTTP it is the `code` of an `application/problem+json` document;',
    'where a code is not for callers of the API, they get another one in its place. `retry` says whether the same call may succeed later, unchanged.',
    'This page is generated from `src/core/errors.ts` by `node scripts/generate-docs.ts`.',
    '',
    '| code | over HTTP | retry | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function limitsPage(): string {
  const rows = eachLimit(
    ({ default: value, least, most, unit, text }, name) =>
      `| \`${name}\` | ${unit} | ${grouped(value)} | ${grouped(least)} | ${grouped(most)} | ${text} |`,
  );
  return [
    '# Limits',
    '',
    'What `limits` in a configuration may say; what it leaves out has its default. All are whole numbers. They hold for one process, except',
    "those of the catalog's log of operations, which hold for the catalog.",
    'This page is generated from `src/core/limits.ts` by `node scripts/generate-docs.ts`.',
    '',
    '| limit | unit | default | least | most | meaning |',
    '|---|---|---|---|---|---|',
    ...Object.values(rows),
    '',
  ].join('\n');
}

function findingsPage(): string {
  const kinds: [string, FindingKind][] = Object.entries(findingCatalogue);
  const engineOf = engineOfFinding();
  const rows = kinds.map(
    ([code, { severity, reason, remedy }]) => `| \`${code}\` | ${severity} | ${engineOf(code)} | ${reason} | ${remedy} |`,
  );
  return [
    '# Findings of policies',
    '',
    'What `tenantry policy` and `tenantry doctor` find on a shard, in four severities:',
    '',
    '- `refused`: nothing is applied to any shard until it is put right;',
    '- `leak`: rows are shown to, or may be changed by, somebody they do not belong to. `policy apply` does not accept it, and `policy verify`',
    '  and `doctor` end with 2, unless an entry of [`drift`](protection.md#accepted-drift) names it and its time is not over;',
    '- `oracle`: a tenant may learn that others have a row or a value, or how many, and nothing else of it;',
    '- `advice`: tenants are kept apart, but at a cost, or something will not work as it seems.',
    '',
    'Warnings have `code` and `severity` in `--json`. What is `refused` stands in the text of an error; `policy verify --json` has its `code`',
    'and `severity` too (`unfit`).',
    '',
    'A finding has a `remedy`, a statement to run, where one statement is enough; else an `advice`: what the owner of the table has to decide.',
    'Either changes what protects the shard. Run `tenantry policy apply` afterwards: until then the shard may serve no tenants, unless',
    '[an override](protection.md#an-override) lets them in meanwhile.',
    '',
    'Where `engine` names one, shards of the other have no such finding.',
    '',
    'This page is generated from `src/policy/finding-catalogue.ts`, whose texts are in `src/policy/finding-kinds/`, by `node scripts/generate-docs.ts`.',
    '',
    '| code | severity | engine | why it matters | what helps |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** Which engine alone finds something, as far as its queries or its own code say so; '' where that is not one of them. */
function engineOfFinding(): (code: string) => string {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const engines = Object.entries({ postgres: 'PostgreSQL', mssql: 'SQL Server' }).map(([engine, shown]) => {
    const files = globSync([`sql/${engine}/queries/policy/**/*.sql`, `src/engine/${engine}/**/*.ts`], { cwd: root });
    return { shown, text: files.map((file) => readFileSync(`${root}${file}`, 'utf8')).join('\n') };
  });
  return (code) => {
    const [engine, ...others] = engines.filter(({ text }) => text.includes(`'${code}'`));
    return engine === undefined || others.length > 0 ? '' : engine.shown;
  };
}

function grouped(value: number): string {
  return value.toLocaleString('en');
}

for (const [name, page] of Object.entries(pages)) {
  const path = new URL(`../${name}`, import.meta.url);
  const text = page();
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`${name} is stale: run node scripts/generate-docs.ts.`);
    process.exitCode = 1;
  }
}
