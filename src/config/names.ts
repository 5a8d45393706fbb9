import { z } from 'zod';
import { contextPattern, contextRule, namePattern, nameRule } from '../../shardmap/manager/names.ts';

/** What a shard map may be called. */
export const mapName = z.string().regex(namePattern, `must be ${nameRule}`);

/** What the tenant may be called in a session. */
export const contextName = z.string().regex(contextPattern, `must be ${contextRule}`);

/** A column, a table or a schema. */
export const columnName = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u, 'must be a name of 1 to 128 characters');

/** How a configuration names a table. */
export const tableName = z
  .string()
  .refine((text) => text.split('.').length <= 2 && text.split('.').every((part) => columnName.safeParse(part).success), {
    error: "must be a table's name, or a schema and a table's name with a dot between",
  });
