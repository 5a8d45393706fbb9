import { glob } from 'node:fs/promises';
import { resolve } from 'node:path';
import { TenantryError } from '../core/errors.ts';
import type { PolicyCases } from '../core/policy-case.ts';
import { problemList } from '../core/problem-list.ts';
import { readObjectFile } from './object-file.ts';
import { readPolicyTests } from './read-policy-tests.ts';
import type { Settings } from './settings.ts';

const ownFiles = 'policies/**/*.cases.{ts,js,json}';

/**
 * Reads files of cases, as they are named from a folder; where none is, every `*.cases.ts`, `.js` and `.json` below its folder
 * `policies`. Throws INVALID_REQUEST with everything that is wrong with any of them.
 */
export async function loadPolicyTests(
  named: readonly string[],
  settings: Pick<Settings, 'tables' | 'context'>,
  folder: string,
): Promise<PolicyCases[]> {
  const files = named.length > 0 ? named : (await Array.fromAsync(glob(ownFiles, { cwd: folder }))).toSorted();
  if (files.length === 0) throw new TenantryError('INVALID_REQUEST', `No file of cases is named, and there is no ${ownFiles} here.`);
  const read = await Promise.all([...new Set(files)].map((file) => readOne(file, settings, folder)));
  const problems = read.flatMap((each) => ('problem' in each ? [each.problem] : []));
  if (problems.length > 0) throw new TenantryError('INVALID_REQUEST', problems.join('\n'));
  return read.flatMap((each) => ('problem' in each ? [] : [each]));
}

async function readOne(
  file: string,
  settings: Pick<Settings, 'tables' | 'context'>,
  folder: string,
): Promise<PolicyCases | { readonly problem: string }> {
  let content: unknown;
  try {
    content = await readObjectFile(file, resolve(folder, file), { content: 'the cases', code: 'INVALID_REQUEST' });
  } catch (error) {
    if (!(error instanceof TenantryError)) throw error;
    return { problem: error.reason };
  }
  const read = readPolicyTests(content, settings, file);
  return 'cases' in read ? read.cases : { problem: problemList(file, read.problems) };
}
