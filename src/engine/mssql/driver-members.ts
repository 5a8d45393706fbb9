import type { Connection } from 'tedious';
import { TenantryError } from '../../core/errors.ts';

/** The release whose members these are: `package.json` names it exactly. */
export const driverRelease = 'tedious 20.3.9';

type Members = Readonly<Record<string, (value: unknown) => boolean>>;

const isMethod = (value: unknown): boolean => typeof value === 'function';

/** What a connection must have before it connects. */
const atFirst: Members = {
  sendPreLogin: isMethod,
  sendLogin7Packet: isMethod,
  currentTransactionDescriptor: isMethod,
  createTokenStreamParser: isMethod,
  transactionDescriptors: Array.isArray,
  inTransaction: (value) => typeof value === 'boolean',
  closed: (value) => typeof value === 'boolean',
  // Nobody has set the flag yet: that it is looked at is all that can be seen of it.
  makeRequest: (value) => isMethod(value) && String(value).includes('resetConnectionOnNextRequest'),
};

/** And what it must have once it has logged in. */
const loggedIn: Members = {
  'messageIo.packetSize': isMethod,
  'STATE.LOGGED_IN': (value) => value !== undefined,
};

/**
 * Throws INVALID_CONFIGURATION, naming it, where the driver has changed a member that its types keep to themselves and that is used here.
 */
export function requireMembers(connection: Connection, when: 'at first' | 'logged in'): void {
  for (const [path, isRight] of Object.entries(when === 'at first' ? atFirst : loggedIn)) {
    const value = path.split('.').reduce<unknown>((within, name) => (within as Record<string, unknown> | undefined)?.[name], connection);
    if (!isRight(value)) throw lacking(`The driver's connection has no ${path}`);
  }
}

/** What says that the driver is another than this was written with. */
export function lacking(what: string, cause?: unknown): TenantryError {
  return new TenantryError('INVALID_CONFIGURATION', `${what} as it should be: Tenantry works with ${driverRelease}.`, { cause });
}
