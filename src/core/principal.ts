import type { EntraCredential } from './entra-credential.ts';
import type { ServerTrust } from './server-trust.ts';

/** The separate logins of a shard: tenant traffic, reports, copying rows, schema and policies. */
export type PrincipalName = 'app' | 'superuser' | 'mover' | 'admin';

/** A user of a database and how he logs in, secrets read from the environment. One of `password` and `entra` at least is there. */
export interface Login {
  readonly user: string;
  readonly password?: string;
  /** Used instead of a password by the servers that know Entra ID. */
  readonly entra?: EntraCredential;
  /** Which servers are shown it. */
  readonly trust?: ServerTrust;
}

/** A login that has a password. */
export type PasswordLogin = Login & { readonly password: string };
