import { Redis } from 'ioredis';
import type { Finding } from '../../cli/services.ts';
import type { Clock } from '../../core/clock.ts';
import { Deadline } from '../../core/deadline.ts';
import { unreached, warning } from './finding.ts';

const limitMs = 2_000;

/** Whether Redis answers; a warning where it does not, because everything goes on without it. */
export async function diagnoseRedis(url: string, clock: Clock): Promise<Finding> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: limitMs, retryStrategy: null, maxRetriesPerRequest: 0 });
  let cause = 'It does not answer';
  redis.on('error', (error: Error & { readonly code?: string }) => (cause = `It cannot be reached (${error.code ?? error.name})`));
  try {
    await new Deadline(clock, limitMs).race(
      'Asking Redis',
      redis.connect().then(() => redis.ping()),
    );
    return { subject: 'redis', level: 'ok', text: 'It answers.' };
  } catch {
    return warning('redis', `${cause}: every process has its own cache alone.`, unreached('tenantry config show', 'redis.url'));
  } finally {
    redis.disconnect();
  }
}
