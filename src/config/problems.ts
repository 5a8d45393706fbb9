import { z } from 'zod';
import { counted } from '../core/counted.ts';
import { TenantryError } from '../core/errors.ts';
import { suggest } from './suggest.ts';

/** An object that refuses unknown keys, naming the one that was probably meant and all that are allowed. */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const allowed = Object.keys(shape);
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? unknownKeys(issue.keys, allowed) : undefined) });
}

/** INVALID_CONFIGURATION with every problem on a line of its own: where it is, what is wrong, what is allowed. */
export function invalidConfiguration(source: string, issues: readonly z.core.$ZodIssue[]): TenantryError {
  const lines = issues.map((issue) => `${issue.path.map(String).join('.') || '(the whole)'}: ${issue.message}`);
  const count = counted(lines.length, 'problem');
  return new TenantryError('INVALID_CONFIGURATION', `${source} has ${count}:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

function unknownKeys(keys: readonly string[], allowed: readonly string[]): string {
  const named = keys.map((key) => {
    const near = suggest(key, allowed);
    return near === undefined ? `"${key}"` : `"${key}" (did you mean "${near}"?)`;
  });
  return `unknown key ${named.join(', ')}; allowed are ${allowed.join(', ')}`;
}

/** What is wrong in the words of a configuration, for `safeParse`; undefined leaves it to the schema. No value is repeated. */
export function said(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return issue.input === undefined ? 'is missing' : `must be ${article(issue.expected)}`;
  if (issue.code === 'invalid_value') return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => message).join('; ');
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  return undefined;
}

const typeNames: Readonly<Record<string, string>> = { string: 'text', int: 'a whole number', boolean: 'true or false', array: 'a list' };

function article(type: string): string {
  return typeNames[type] ?? (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`);
}
