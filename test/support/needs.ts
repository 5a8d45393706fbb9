import { describe, it } from 'vitest';
import { redisMissing, redisServerMissing } from './servers/redis.ts';

/** Servers that a machine may lack, each with the reason why it is not to be had, or undefined. */
const missing = {
  /** Any Redis. */
  redis: redisMissing,
  /** A Redis that the test may kill. */
  'redis-server': redisServerMissing,
} as const;

/** Declares a suite that needs a server; where there is none, it is listed with the reason among what could not run. */
export function describeNeeding(need: keyof typeof missing, title: string, suite: () => void): void {
  const reason = missing[need]();
  if (reason === undefined) describe(title, suite);
  else describe(title, () => it('can run', (context) => context.skip(`${need}: ${reason}`)));
}
