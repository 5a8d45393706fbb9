import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isHostName } from '../core/host-name.ts';
import type { ServerTrust } from '../core/server-trust.ts';
import { object } from './problems.ts';
import type { References } from './secret.ts';
import type { TenantryConfig } from './tenantry-config.ts';

const hostName = z.string().refine(isHostName, 'must be a host name or an IP address');

/** Which servers are believed; a file is read here. Undefined where nothing is said. */
export function tlsSchema(from: References): z.ZodType<ServerTrust | undefined, TenantryConfig['tls']> {
  return object({
    ca: from.text.transform(certificates).optional(),
    serverNames: z.record(hostName, hostName).default({}),
  })
    .transform(({ ca, serverNames }) => (ca === undefined ? { serverNames } : { ca, serverNames }))
    .optional();
}

/** PEM as it is, or the file that has it. */
function certificates(text: string, context: z.RefinementCtx): string {
  const problem = (message: string): never => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  const pem = text.includes('-----BEGIN ') ? text : readFile(text);
  if (pem === undefined)
    return problem('names a file that cannot be read; it must be the path of a file with certificates in PEM, or the PEM itself');
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return found.length > 0 && found.every(isCertificate) ? pem : problem('must hold certificates of authorities in PEM, and nothing broken');
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // what the caller says of it names what is wanted; the path is the user's own
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
