import { TenantryError } from './errors.ts';
import { isUuid } from './uuid.ts';

/** Types of a value that a call may bring along besides its tenant. `strings` is a list of texts, such as roles. */
export const contextValueTypes = ['string', 'int', 'bigint', 'uuid', 'strings'] as const;

/** One of them. */
export type ContextValueType = (typeof contextValueTypes)[number];

/** A value as callers give it: a string for `string` and `uuid`, a number or bigint for the integer types, strings for `strings`. */
export type ContextValue = string | number | bigint | readonly string[];

/** Values of one call by their names. */
export type ContextValues = Readonly<Record<string, ContextValue>>;

/** The values that calls may bring, with their types. */
export type ContextTypes = ReadonlyMap<string, ContextValueType>;

/** Most UTF-16 units of all of a call's values as a shard keeps them: a key of SQL Server's SESSION_CONTEXT holds 8,000 bytes. */
const mostUnits = 4_000;

/**
 * What a shard is given for a call's values: a JSON object, each value in its one canonical text, in the order of their declaration;
 * undefined where there is none. Only what the object itself has is a value. Throws INVALID_REQUEST, with no value in it, for a name that
 * is not declared and a value of another form.
 */
export function contextText(declared: ContextTypes, given: ContextValues): string | undefined {
  const unknown = Object.keys(given).find((name) => !declared.has(name));
  if (unknown !== undefined)
    throw new TenantryError(
      'INVALID_REQUEST',
      `The context has no value ${nameForMessage(unknown)}; the configuration declares ${[...declared.keys()].join(', ') || 'none'}.`,
    );
  const members: string[] = [];
  for (const [name, type] of declared) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined) continue;
    const canonical = forms[type].canonical(value);
    if (canonical === undefined)
      throw new TenantryError('INVALID_REQUEST', `The value ${name} of the context must be ${forms[type].allowed}.`);
    members.push(`${JSON.stringify(name)}:${JSON.stringify(canonical)}`);
  }
  if (members.length === 0) return undefined;
  const text = `{${members.join(',')}}`;
  if (text.length > mostUnits)
    throw new TenantryError('INVALID_REQUEST', `The values of the context are longer than ${mostUnits} characters together.`);
  return text;
}

/** What a caller gave as a context. Throws INVALID_REQUEST for a Map, a number and the like, whose values nobody would find. */
export function requireContextValues(given: unknown): ContextValues {
  if (isPlainObject(given)) return given as ContextValues;
  throw new TenantryError('INVALID_REQUEST', 'The context must be a plain object of values by their names.');
}

/** Whether a value is of a type, as callers give it. */
export function isContextValue(type: ContextValueType, value: ContextValue): boolean {
  return forms[type].canonical(value) !== undefined;
}

/** What a text of the context must be. */
const textRule = 'of at least one character, without NUL, half of a surrogate pair or a space at its end';

interface Form {
  readonly allowed: string;
  readonly canonical: (value: ContextValue) => string | readonly string[] | undefined;
}

const forms: Readonly<Record<ContextValueType, Form>> = {
  string: { allowed: `a string ${textRule}`, canonical: textOf },
  int: { allowed: 'a whole number of 32 bits that is not 0', canonical: (value) => integerOf(value, 31n) },
  bigint: { allowed: 'a bigint of 64 bits, or a safe whole number, that is not 0', canonical: (value) => integerOf(value, 63n) },
  uuid: { allowed: 'a uuid as text', canonical: (value) => (typeof value === 'string' && isUuid(value) ? value.toLowerCase() : undefined) },
  strings: {
    allowed: `a list of strings, each ${textRule}`,
    canonical: (value) => {
      if (!Array.isArray(value)) return undefined;
      // A plain list with no holes, whatever kind of list was given.
      const texts = Array.from(value, (element: ContextValue) => textOf(element));
      return texts.every((text) => text !== undefined) ? texts : undefined;
    },
  },
};

/**
 * An empty text is refused: what is not set would be taken for it. So is what one of the engines cannot keep, and a space at the end,
 * which SQL Server overlooks when it compares: the user `ann ` would be shown what is `ann`'s.
 */
function textOf(value: ContextValue): string | undefined {
  if (typeof value !== 'string' || value === '' || value.endsWith(' ')) return undefined;
  return value.isWellFormed() && !value.includes('\0') ? value : undefined;
}

/** 0 is refused: what is not set would be cast to it. */
function integerOf(value: ContextValue, bits: bigint): string | undefined {
  const isInteger = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
  if (!isInteger) return undefined;
  const integer = BigInt(value);
  return integer !== 0n && integer >= -(2n ** bits) && integer < 2n ** bits ? integer.toString() : undefined;
}

function isPlainObject(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const prototype: unknown = Object.getPrototypeOf(given);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A name in a program's own words, cut: it may come from anywhere. */
function nameForMessage(name: string): string {
  return /^[\w.-]{1,64}$/.test(name) ? name : 'of that name';
}
