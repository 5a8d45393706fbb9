import { z } from 'zod';
import { contextValueTypes } from '../core/context-values.ts';
import { object } from './problems.ts';
import type { ContextSetting } from './settings.ts';
import type { TenantryConfig } from './tenantry-config.ts';

/** A name that a program, a claim's path and SQL can all write without quotes. */
const valueName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'must be a name of 1 to 63 letters, digits or _, the first no digit');

/** Values besides the tenant, in the order in which they stand. */
export const contextSchema: z.ZodType<ContextSetting[], TenantryConfig['context']> = z
  .record(
    valueName,
    object({
      type: z.enum(contextValueTypes),
      claim: z.string().min(1, 'must be the name of a claim').optional(),
      transform: z.enum(['sha256']).optional(),
    }).superRefine(({ type, claim, transform }, context) => {
      if (transform === undefined) return;
      if (claim === undefined)
        context.addIssue({ code: 'custom', path: ['transform'], message: 'is for what comes from a claim; say which' });
      if (type !== 'string' && type !== 'strings')
        context.addIssue({ code: 'custom', path: ['transform'], message: `gives a text, which a value of type ${type} is not` });
    }),
  )
  .prefault({})
  .transform((declared) => Object.entries(declared).map(([name, { type, claim, transform }]) => ({ name, type, claim, transform })));
