import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { errorCatalogue } from '../src/core/errors.ts';

const path = new URL('../docs/errors.md', import.meta.url);

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

const page = errorsPage();
if (!process.argv.includes('--check')) writeFileSync(path, page);
else if (!existsSync(path) || readFileSync(path, 'utf8') !== page) {
  console.error('docs/errors.md is stale: run node scripts/generate-docs.ts.');
  process.exitCode = 1;
}
