import { TenantryError } from '../core/errors.ts';
import type { Login, PrincipalName } from '../core/principal.ts';

/** The group roles of every shard, whose members the logins are: two logins of a kind may be valid at once. */
export const principalGroups: Readonly<Record<PrincipalName, string>> = {
  app: 'tenantry_app',
  superuser: 'tenantry_superuser',
  mover: 'tenantry_mover',
  admin: 'tenantry_admin',
};

/** In the order in which they are provisioned. */
export const principals: readonly PrincipalName[] = ['app', 'superuser', 'mover', 'admin'];

const groupNames: ReadonlySet<string> = new Set(Object.values(principalGroups));

/** What an engine's server thinks of names. */
interface UserNames {
  /** Two users with the same key are one to the server. */
  readonly keyOf: (user: string) => string;
  /** Whether the name is the server's own, or Tenantry's besides the groups. */
  readonly isReserved: (key: string) => boolean;
  /** Whether users may log in by Entra ID, without a password. */
  readonly knowsEntra: boolean;
}

/** Throws INVALID_CONFIGURATION where a login cannot be provisioned, or two are the same. */
export function checkLogins(logins: Readonly<Record<PrincipalName, Login>>, { keyOf, isReserved, knowsEntra }: UserNames): void {
  const taken = new Map<string, PrincipalName>();
  for (const principal of principals) {
    const { user, password, entra } = logins[principal];
    const isByEntra = knowsEntra && entra !== undefined;
    const key = keyOf(user);
    const reserved = groupNames.has(key) || isReserved(key);
    const problem = userProblem(user, reserved, taken.get(key)) ?? (isByEntra ? undefined : passwordProblem(password));
    if (problem !== undefined) throw new TenantryError('INVALID_CONFIGURATION', `logins.${principal}: ${problem}.`);
    taken.set(key, principal);
  }
}

function passwordProblem(password: string | undefined): string | undefined {
  if (password === undefined) return 'it has no password, and this server knows no login by Entra ID';
  return password === '' ? 'its password is empty' : undefined;
}

/** Such names need no escaping inside quotes or texts. */
function userProblem(user: string, reserved: boolean, sharedWith: PrincipalName | undefined): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_.@-]{0,62}$/.test(user))
    return 'its user must be 1 to 63 letters, digits, or any of _ . @ -, and begin with a letter or _';
  if (reserved) return `the name of its user, ${user}, is reserved`;
  if (sharedWith !== undefined) return `its user is that of logins.${sharedWith}, and every principal needs a login of its own`;
  return undefined;
}
