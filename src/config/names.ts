import { z } from 'zod';
import { contextPattern, contextRule, namePattern, nameRule } from '../../shardmap/names.ts';

/** What a shard map may be called. */
export const mapName = z.string().regex(namePattern, `must be ${nameRule}`);

/** What the tenant may be called in a session. */
export const contextName = z.string().regex(contextPattern, `must be ${contextRule}`);

/** A column, a table or a schema. */
export const columnName = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u, 'must be a name of 1 to 128 characters');

/** How a configuration names a table. */
export const tableName = nameOfA('table');

/** How a configuration names a stored procedure. */
export const procedureName = nameOfA('procedure');

function nameOfA(what: string) {
  const isName = (text: string): boolean =>
    text.split('.').length <= 2 && text.split('.').every((part) => columnName.safeParse(part).success);
  return z.string().refine(isName, `must be a ${what}'s name, or a schema and a ${what}'s name with a dot between`);
}

/** The schema of a name that `tableName` or `procedureName` accepts, where it has one, and what it is called there. */
export function placeOf(text: string): { readonly schema?: string; readonly name: string } {
  const [first = '', second] = text.split('.');
  return second === undefined ? { name: first } : { schema: first, name: second };
}
