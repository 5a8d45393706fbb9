import { z } from 'zod';
import { driftProblem } from '../core/accepted-drift.ts';
import { object } from './problems.ts';
import type { DriftSetting } from './settings.ts';
import type { TenantryConfig } from './tenantry-config.ts';

const dayMs = 86_400_000;
/** Its end is the year 10000, which servers cannot tell. */
const firstDayBeyond = '9999-12-31';
const text = z
  .string()
  .refine(
    (given) => given.trim() !== '' && given.length <= 400 && !/\p{Cc}/u.test(given),
    'must be 1 to 400 characters, none of them a control character',
  );

const entry = object({
  shards: z.union([z.literal('*'), z.array(z.string().min(1)).min(1, 'must name at least one shard, or be *')], {
    error: "must be '*' or a list of names of shards",
  }),
  object: text.superRefine((given, context) => {
    const problem = driftProblem(given);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  }),
  reason: text,
  until: z.iso
    .date({ abort: true, error: ({ input }) => (input === undefined ? undefined : "must be a day, such as '2027-01-31'") })
    .refine((day) => day < firstDayBeyond, `must be a day before '${firstDayBeyond}', such as '2027-01-31'`),
}).transform((given): DriftSetting => ({ ...given, untilMs: Date.parse(`${given.until}T00:00:00Z`) + dayMs }));

/** What may stay on shards for a while although it is not as it must be; each object of a shard once. Without `drift`, nothing. */
export const driftSchema: z.ZodType<readonly DriftSetting[], TenantryConfig['drift']> = z
  .array(entry)
  .superRefine((entries, context) => {
    entries.forEach((given, index) => {
      const other = entries.slice(0, index).findIndex((before) => before.object === given.object && overlap(before.shards, given.shards));
      if (other !== -1)
        context.addIssue({ code: 'custom', path: [index, 'object'], message: `is that of drift[${other}], on a shard of both` });
    });
  })
  .prefault([]);

function overlap(one: DriftSetting['shards'], other: DriftSetting['shards']): boolean {
  return one === '*' || other === '*' || one.some((name) => other.includes(name));
}
