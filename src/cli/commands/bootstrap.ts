import type { Command } from 'commander';
import type { Settings } from '../../config.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Login } from '../../core/principal.ts';
import type { CliWorld } from '../command.ts';

const variables = ['TENANTRY_BOOTSTRAP_USER', 'TENANTRY_BOOTSTRAP_PASSWORD'] as const;

/** The option by which a command prepares a server itself, instead of printing the SQL for its administrator. */
export function withBootstrap(command: Command, what: string): Command {
  return command.option('--bootstrap', `${what}, as the server's superuser ${variables[0]} with ${variables[1]}`);
}

/** The server's superuser. Throws INVALID_REQUEST where the environment does not name him. */
export function bootstrapLogin({ tls }: Settings, { environment }: Pick<CliWorld, 'environment'>): Login {
  const [user, password] = variables.map((name) => environment[name]);
  if (user && password) return { user, password, ...(tls === undefined ? {} : { trust: tls }) };
  throw new TenantryError('INVALID_REQUEST', `--bootstrap needs the server's superuser in ${variables.join(' and ')}.`);
}
