import { z } from 'zod';
import { contextPattern, contextRule } from '../../shardmap/names.ts';
import { contextValueTypes } from '../core/context-values.ts';
import { object } from './problems.ts';
import type { ContextSetting } from './settings.ts';
import type { TenantryConfig } from './tenantry-config.ts';

/** As the tenant's own: a name that a program and SQL can write without quotes. */
const valueName = z.string().regex(contextPattern, `must be ${contextRule}`);

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
