import { createHmac, randomUUID } from 'node:crypto';
import pRetry, { AbortError } from 'p-retry';
import type { WebhookSettings } from '../../config/settings.ts';

/** How long one attempt may take, in milliseconds. */
const attemptMs = 10_000;

/** How often a notice is sent again, and how long after the attempt before it: from so many milliseconds, doubled, to so many. */
export interface Retries {
  readonly retries: number;
  readonly minTimeout: number;
  readonly maxTimeout: number;
}

/** Six attempts in a minute or two. */
export const defaultRetries: Retries = { retries: 5, minTimeout: 2_000, maxTimeout: 60_000 };

/** Where a notice goes, and how. */
interface Delivery {
  readonly webhook: WebhookSettings;
  readonly now: () => Date;
  readonly retries: Retries;
  /** Aborted: nothing more is sent. */
  readonly stop: AbortSignal;
}

/** An answer that is no success. */
class NotTaken extends Error {
  readonly code: string;

  constructor(status: number) {
    super(`The webhook answered with status ${status}.`);
    this.code = `HTTP_${status}`;
  }
}

/**
 * Sends a notice, again where nobody answered or the answer says that it may be taken later (408, 429, 5xx). Signed and named as
 * Standard Webhooks has it: `webhook-id`, the same for each attempt, `webhook-timestamp`, and `webhook-signature` over both and the body.
 */
export async function deliver(delivery: Delivery, notice: object): Promise<void> {
  const { retries, stop } = delivery;
  const message = { id: `msg_${randomUUID()}`, body: JSON.stringify(notice) };
  await pRetry(() => attempt(delivery, message), { ...retries, factor: 2, randomize: true, signal: stop });
}

async function attempt({ webhook: { url, key }, now, stop }: Delivery, { id, body }: { id: string; body: string }): Promise<void> {
  const timestamp = String(Math.floor(now().getTime() / 1_000));
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      ...(key === undefined ? {} : { 'webhook-signature': signature(key, `${id}.${timestamp}.${body}`) }),
    },
    body,
    signal: AbortSignal.any([stop, AbortSignal.timeout(attemptMs)]),
  });
  await answer.body?.cancel();
  if (answer.ok) return;
  const failure = new NotTaken(answer.status);
  throw answer.status >= 500 || answer.status === 408 || answer.status === 429 ? failure : new AbortError(failure);
}

function signature(key: Uint8Array, text: string): string {
  return `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
}
