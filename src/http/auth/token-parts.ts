import { TenantryError } from '../../core/errors.ts';
import { parseStrictJson } from '../json/strict-json.ts';

/** A signed token's two readable parts, before its signature was checked: not to be believed yet. */
export interface TokenParts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The claims as they were sent. */
  readonly claimsText: string;
}

const compactForm = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Reads a compact signed token. Throws UNAUTHENTICATED for anything else, and for names that stand twice. */
export function readTokenParts(token: string): TokenParts {
  const [, header, claims] = compactForm.exec(token) ?? [];
  if (header === undefined || claims === undefined) throw malformed();
  const claimsText = decoded(claims);
  return { header: jsonObject(decoded(header)), claims: jsonObject(claimsText), claimsText };
}

function decoded(part: string): string {
  try {
    return decoder.decode(Buffer.from(part, 'base64url'));
  } catch {
    throw malformed(); // the cause says no more than that it is no UTF-8
  }
}

function jsonObject(text: string): Record<string, unknown> {
  const parsed = parseStrictJson(text);
  if (!('value' in parsed) || typeof parsed.value !== 'object' || parsed.value === null || Array.isArray(parsed.value)) throw malformed();
  return parsed.value as Record<string, unknown>;
}

function malformed(): TenantryError {
  return new TenantryError('UNAUTHENTICATED', 'The token is malformed.');
}
