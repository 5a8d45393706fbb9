import type * as AzureIdentity from '@azure/identity';
import type { TokenCredential } from '@azure/identity';
import type { EntraCredential } from '../../core/entra-credential.ts';
import { TenantryError } from '../../core/errors.ts';

/** What Entra ID is asked through; a token that a configuration gives needs nobody to be asked. */
type Asked = Exclude<EntraCredential, { readonly kind: 'token' }>;

/**
 * One for each login of a configuration, for as long as that is there: it keeps its token until that is to be renewed. One for each
 * connection, as the driver makes them, asks Entra ID each time, which "may encounter HTTP 429 throttling responses" ("Authentication
 * best practices with the Azure Identity library", Reuse credential instances).
 */
const made = new WeakMap<Asked, TokenCredential>();

/** The credential by which a login gets its tokens. Throws INVALID_CONFIGURATION for one that cannot be. */
export async function entraCredential(entra: Asked, user: string): Promise<TokenCredential> {
  const identity = await import('@azure/identity');
  let credential = made.get(entra);
  if (credential === undefined) made.set(entra, (credential = make(identity, entra, user)));
  return credential;
}

function make(identity: typeof AzureIdentity, entra: Asked, user: string): TokenCredential {
  try {
    switch (entra.kind) {
      case 'default':
        return new identity.DefaultAzureCredential(entra.clientId === undefined ? {} : { managedIdentityClientId: entra.clientId });
      case 'managed-identity':
        return entra.clientId === undefined
          ? new identity.ManagedIdentityCredential()
          : new identity.ManagedIdentityCredential({ clientId: entra.clientId });
      case 'service-principal':
        return new identity.ClientSecretCredential(entra.tenantId, entra.clientId, entra.clientSecret);
      default:
        return entra satisfies never;
    }
  } catch {
    // What it says may quote what it was given.
    throw new TenantryError(
      'INVALID_CONFIGURATION',
      `The login ${user} cannot ask Entra ID (entra: ${entra.kind}): its ids are not as Entra ID has them.`,
    );
  }
}
