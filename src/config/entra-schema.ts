import { z } from 'zod';
import type { EntraCredential } from '../core/entra-credential.ts';
import { object } from './problems.ts';
import type { References } from './secret.ts';
import type { EntraConfig } from './tenantry-config.ts';

const kinds = ['default', 'service-principal', 'managed-identity', 'token'] as const satisfies readonly EntraConfig['kind'][];

type TokenSource = () => string | Promise<string>;

/** How a login asks Entra ID for its token. */
export function entraSchema(from: References): z.ZodType<EntraCredential, EntraConfig> {
  const kind = <Kind extends EntraConfig['kind']>(name: Kind) => z.literal(name);
  const token = z.union([z.custom<TokenSource>((value) => typeof value === 'function'), from.required.transform((text) => () => text)], {
    error: "must be env('NAME'), or a function that gives a token",
  });
  return z.discriminatedUnion(
    'kind',
    [
      object({ kind: kind('default'), clientId: from.text.optional() }),
      object({ kind: kind('service-principal'), tenantId: from.text, clientId: from.text, clientSecret: from.required }),
      object({ kind: kind('managed-identity'), clientId: from.text.optional() }),
      object({ kind: kind('token'), token }),
    ],
    { error: `must have a kind, which is one of ${kinds.join(', ')}` },
  );
}
