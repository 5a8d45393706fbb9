import { counted } from '../../core/counted.ts';
import type { CaseFailure, CaseFileResult, CaseResult } from '../../policy/cases/case-result.ts';

/** How many cases ended how. */
export interface CaseCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What the first line of a report in TAP says. */
export const tapVersion = 'TAP version 14';

/** A file of cases as a test with subtests, in TAP version 14 (testanything.org); `number` is its own, from 1. */
export function tapOfFile({ file, cases }: CaseFileResult, number: number): string {
  const tests = cases.flatMap((each, index) => tapOfCase(each, index + 1));
  const isOk = cases.every(({ outcome }) => outcome !== 'failed');
  return [
    `# Subtest: ${escaped(file)}`,
    ...[...tests, `1..${cases.length}`].map((line) => `    ${line}`),
    `${isOk ? 'ok' : 'not ok'} ${number} - ${escaped(file)}`,
  ].join('\n');
}

/** How a report in TAP ends. */
export function tapEnd(files: number, counts: CaseCounts): string {
  return `1..${files}\n# ${inWords(counts)}`;
}

/** A report in TAP that ends before its time. */
export function tapBailOut(reason: string): string {
  return `Bail out! ${reason.split('\n')[0]}`;
}

/** Of all files. */
export function countCases(files: readonly CaseFileResult[]): CaseCounts {
  const count = (wanted: CaseResult['outcome']): number =>
    files.flatMap(({ cases }) => cases).filter(({ outcome }) => outcome === wanted).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

function inWords({ passed, failed, skipped }: CaseCounts): string {
  return `${counted(passed + failed + skipped, 'case')}: ${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function tapOfCase({ name, as, at, outcome, failure, reason }: CaseResult, number: number): string[] {
  const title = `${outcome === 'failed' ? 'not ok' : 'ok'} ${number} - ${escaped(name)}`;
  if (outcome === 'skipped') return [`${title} # SKIP ${reason ?? ''}`];
  return failure === undefined ? [title] : [title, ...diagnostics(as, at, failure)];
}

/** A block of YAML, of which JSON is a part. */
function diagnostics(as: string, at: string, { message, expected, actual }: CaseFailure): string[] {
  const rows = (name: string, list: CaseFailure['expected']): string[] => {
    if (list === undefined) return [];
    return list.length === 0 ? [`${name}: []`] : [`${name}:`, ...list.map((row) => `  - ${JSON.stringify(row)}`)];
  };
  const lines = [`message: ${JSON.stringify(message)}`, `as: ${JSON.stringify(as)}`, `at: ${JSON.stringify(at)}`];
  return ['---', ...lines, ...rows('expected', expected), ...rows('actual', actual), '...'].map((line) => `  ${line}`);
}

/** `#` begins a directive, and a backslash escapes. */
function escaped(text: string): string {
  return text.replace(/[\\#]/g, '\\$&');
}
