import { hash } from 'node:crypto';
import type { ContextSetting } from '../../config.ts';
import { isContextValue, type ContextValue, type ContextValues, type ContextValueType } from '../../core/context-values.ts';
import { TenantryError } from '../../core/errors.ts';
import { isWrittenAsInteger } from './tenant-claim.ts';

/**
 * The values that a token brings besides its tenant, of its claims and their text. A claim that is not there brings none, and policies
 * that go by it then show nothing. Throws UNAUTHENTICATED, naming the claim, for one of another form.
 */
export function contextOfClaims(
  context: readonly ContextSetting[],
  claims: Readonly<Record<string, unknown>>,
  claimsText: string,
): ContextValues {
  const values: Record<string, ContextValue> = {};
  for (const { name, type, claim, transform } of context) {
    if (claim === undefined || !Object.hasOwn(claims, claim)) continue;
    const value = readers[type](claims[claim]);
    const isChanged = typeof value === 'number' && !isWrittenAsInteger(claimsText, claim);
    if (value === undefined || isChanged || !isContextValue(type, value))
      throw new TenantryError('UNAUTHENTICATED', `The token's claim ${claim} is not of the type ${type}.`);
    values[name] = transform === 'sha256' ? hashed(value) : value;
  }
  return values;
}

/** 64 bits come as text: a parser has rounded what does not fit a number. */
const integer = (claim: unknown): ContextValue | undefined => {
  if (typeof claim === 'string' && /^-?[1-9]\d{0,18}$/.test(claim)) return BigInt(claim);
  return Number.isSafeInteger(claim) ? (claim as number) : undefined;
};
const textOf = (claim: unknown): ContextValue | undefined => (typeof claim === 'string' ? claim : undefined);

const readers: Readonly<Record<ContextValueType, (claim: unknown) => ContextValue | undefined>> = {
  string: textOf,
  uuid: textOf,
  int: integer,
  bigint: integer,
  // Issuers write a list of one as its element.
  strings: (claim) => (typeof claim === 'string' ? [claim] : Array.isArray(claim) ? (claim as readonly string[]) : undefined),
};

function hashed(value: ContextValue): ContextValue {
  return typeof value === 'object' ? value.map((text) => hash('sha256', text)) : hash('sha256', String(value));
}
