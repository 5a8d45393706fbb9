import { z } from 'zod';
import { isLoopback } from '../core/host-name.ts';
import { webhookKey } from '../core/webhook-secret.ts';
import { object } from './problems.ts';
import type { References } from './secret.ts';
import type { WebhookSettings } from './settings.ts';

/** Where drift is told, and by which key such a notice is signed; without `webhook`, nowhere. */
export function webhookSchema(from: References) {
  return object({ url: from.text.transform(address), secret: from.required.transform(key).optional() })
    .transform(({ url, secret }): WebhookSettings => ({ url, ...(secret === undefined ? {} : { key: secret }) }))
    .optional();
}

function address(text: string, context: z.RefinementCtx): URL {
  const url = URL.parse(text);
  const isSafe =
    url !== null &&
    url.username === '' &&
    url.password === '' &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))));
  if (isSafe) return url;
  context.addIssue({ code: 'custom', message: 'must be an https URL without a user, or http on loopback' });
  return z.NEVER;
}

function key(text: string, context: z.RefinementCtx): Uint8Array {
  const found = webhookKey(text);
  if (found !== undefined) return found;
  context.addIssue({
    code: 'custom',
    message: 'must be whsec_ and base64 of 24 to 64 random bytes (openssl rand -base64 32 makes the latter)',
  });
  return z.NEVER;
}
