import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { errorCatalogue } from '../src/core/errors.ts';
import { eachLimit } from '../src/core/limits.ts';

/** What each page is made from, by its path. */
const pages: Readonly<Record<string, () => string>> = { 'docs/errors.md': errorsPage, 'docs/limits.md': limitsPage };

function errorsPage(): string {
  const rows = Object.entries(errorCatalogue)
    .toSorted(([, a], [, b]) => a.status - b.status)
    .map(([code, { status, retryable, text }]) => `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${text} |`);
  return [
    '# Errors',
    '',
    'Every error that leaves Tenantry is a `TenantryError` with one of these codes; over HTTP it is the `code` of an `application/problem+json` document.',
    'Retry says whether the same call may succeed later, unchanged. This page is generated from `src/core/errors.ts` by `node scripts/generate-docs.ts`.',
    '',
    '| code | HTTP status | retry | meaning |',
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
    'What `limits` in a configuration may say; whatever it leaves out has its default. All are whole numbers, and hold for one process.',
    'This page is generated from `src/core/limits.ts` by `node scripts/generate-docs.ts`.',
    '',
    '| limit | unit | default | least | most | meaning |',
    '|---|---|---|---|---|---|',
    ...Object.values(rows),
    '',
  ].join('\n');
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
