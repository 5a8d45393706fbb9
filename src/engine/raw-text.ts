import { TenantryError } from '../core/errors.ts';
import type { Predicate } from '../core/predicate.ts';

/** What a raw predicate says in an engine's own words. Throws INVALID_CONFIGURATION where it says nothing to that engine. */
export function rawText({ text, at }: Extract<Predicate, { readonly kind: 'raw' }>, engine: string): string {
  const words = text[engine];
  if (words !== undefined) return words;
  throw new TenantryError('INVALID_CONFIGURATION', `${at?.text ?? 'A raw predicate'} has no file for ${engine}, the engine of the shard.`);
}
