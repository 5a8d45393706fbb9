/** How Entra ID is asked for the token of a login; secrets are values by now, read from the environment. */
export type EntraCredential =
  /** What the machine offers: environment, workload identity, managed identity, a developer's own login. */
  | { readonly kind: 'default'; readonly clientId?: string | undefined }
  | { readonly kind: 'service-principal'; readonly tenantId: string; readonly clientId: string; readonly clientSecret: string }
  /** The machine's own identity; with a client id, one of those that were assigned to it. */
  | { readonly kind: 'managed-identity'; readonly clientId?: string | undefined }
  /** Asked for each connection: a token lasts about an hour, and connections are opened all the time. */
  | { readonly kind: 'token'; readonly token: () => string | Promise<string> };
