import { z } from 'zod';
import { TenantryError } from '../core/errors.ts';
import { problemList, type Problem } from '../core/problem-list.ts';
import { suggest } from '../core/suggest.ts';

/** An object that refuses unknown keys, naming the one that was probably meant and all that are allowed. */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const allowed = Object.keys(shape);
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? unknownKeys(issue.keys, allowed) : undefined) });
}

/**
 * What a schema makes of a part that it is chosen for by what the part looks like; its problems become those of the whole, and beside them
 * the rest of it stays.
 */
export function parsed<Part>(schema: z.ZodType<Part>, given: unknown, context: z.RefinementCtx): Part {
  const { value, issues } = readPartly(schema, given);
  for (const issue of issues) context.addIssue({ ...issue });
  return value;
}

/** What a schema makes of something, with all that is wrong with it; whatever has a problem may be anything (`ValidParts`). */
export function readPartly<Whole>(
  schema: z.ZodType<Whole>,
  given: unknown,
): { readonly value: Whole; readonly issues: readonly z.core.$ZodIssue[] } {
  let value: Whole = z.NEVER;
  const keeping = schema.superRefine(
    (made) => {
      value = made;
    },
    { when: () => true },
  );
  const read = keeping.safeParse(given, { error: said });
  return { value, issues: read.error?.issues ?? [] };
}

type Path = readonly PropertyKey[];

/** Which parts of something that was read have no problem of their own: rules that look at several parts look at those. */
export class ValidParts {
  readonly #problems: readonly Path[];

  constructor(issues: readonly Pick<z.core.$ZodRawIssue, 'code' | 'path'>[]) {
    // An unknown key spoils nothing that stands beside it.
    this.#problems = issues.filter(({ code }) => code !== 'unrecognized_keys').map(({ path = [] }) => path);
  }

  /** Whether there is something to look at, whatever is wrong within. */
  isThere(path: Path): boolean {
    return !this.#problems.some((problem) => beginsWith(path, problem));
  }

  /** Whether nothing is wrong with them, nor within. */
  areValid(...paths: readonly Path[]): boolean {
    return paths.every((path) => this.isThere(path) && !this.#problems.some((problem) => beginsWith(problem, path)));
  }
}

function beginsWith(path: Path, beginning: Path): boolean {
  return beginning.every((step, index) => path[index] === step);
}

/** Own keys `__proto__`, which no schema looks at: whatever stood there would be left out without a word. */
export function hiddenKeys(given: unknown, path: readonly PropertyKey[] = [], above: readonly unknown[] = []): Problem[] {
  if (typeof given !== 'object' || given === null || above.includes(given)) return [];
  return Object.entries(given).flatMap(([key, value]) => {
    const at = [...path, Array.isArray(given) ? Number(key) : key];
    const own: Problem[] = key === '__proto__' ? [{ path: at, message: 'is a name that nothing can have' }] : [];
    return own.concat(hiddenKeys(value, at, [...above, given]));
  });
}

/** INVALID_CONFIGURATION with every problem on a line of its own. */
export function invalidConfiguration(source: string, problems: readonly Problem[]): TenantryError {
  return new TenantryError('INVALID_CONFIGURATION', problemList(source, problems));
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

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  record: 'an object',
};

function article(type: string): string {
  return typeNames[type] ?? (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`);
}
