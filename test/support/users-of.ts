import type { Login, PrincipalName } from '../../src/core/principal.ts';

/** The users of logins, as rehearsals act as them. */
export function usersOf({
  app,
  superuser,
  mover,
}: Readonly<Record<PrincipalName, Login>>): Record<Exclude<PrincipalName, 'admin'>, string> {
  return { app: app.user, superuser: superuser.user, mover: mover.user };
}
