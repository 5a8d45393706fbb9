/** The separate logins of a shard: tenant traffic, reports, copying rows, schema and policies. */
export type PrincipalName = 'app' | 'superuser' | 'mover' | 'admin';

/** A user name and password of the database, read from the environment. */
export interface Login {
  readonly user: string;
  readonly password: string;
}
