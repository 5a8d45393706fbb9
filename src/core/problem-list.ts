import { counted } from './counted.ts';

/** One of the things that are wrong with what somebody wrote, and where. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  /** What is wrong and what is allowed, without a value. */
  readonly message: string;
}

/** Every problem of a source on a line of its own: where it is, what is wrong, what is allowed. */
export function problemList(source: string, problems: readonly Problem[]): string {
  const lines = problems.map(({ path, message }) => `${pathText(path) || '(the whole)'}: ${message}`);
  const count = counted(lines.length, 'problem');
  return `${source} has ${count}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

/** A place in what somebody wrote, as a program would name it: `policies.mine.read.any[1].of`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`)).join('');
}
