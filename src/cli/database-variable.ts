import { engineNames, engineOfUrl, parseDatabaseUrl, urlForm, type CatalogAddress } from '../config/database-url.ts';
import { TenantryError } from '../core/errors.ts';
import type { Login } from '../core/principal.ts';
import type { CliWorld } from './command.ts';

/**
 * The database whose URL is in a variable of the environment: a URL on the command line would be read by everybody on the machine, and be
 * kept by shells. `option` is the one that names the variable, for messages. Throws INVALID_REQUEST.
 */
export function databaseOfVariable(
  { environment }: Pick<CliWorld, 'environment'>,
  variable: string,
  option: string,
): { readonly address: CatalogAddress; readonly login: Login } {
  const refuse = (problem: string): never => {
    throw new TenantryError('INVALID_REQUEST', `${option} ${problem}.`);
  };
  if (!/^[A-Za-z_]\w{0,127}$/.test(variable)) return refuse('is the name of a variable of the environment, which holds the URL');
  const text = environment[variable];
  if (text === undefined || text === '') return refuse(`names the variable ${variable}, which is not set`);
  const engine = engineOfUrl(text);
  if (engine === undefined)
    return refuse(`names ${variable}, which is not a URL of the form ${engineNames.map((name) => urlForm(name)).join(' or ')}`);
  const parsed = parseDatabaseUrl(engine, text);
  return 'problem' in parsed ? refuse(`names ${variable}, which ${parsed.problem}`) : parsed;
}
