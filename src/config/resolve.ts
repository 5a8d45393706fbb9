import { hiddenKeys, invalidConfiguration, said } from './problems.ts';
import { configSchema } from './schema.ts';
import type { Environment } from './secret.ts';
import type { Settings } from './settings.ts';

/**
 * Checks a configuration whole and reads what it takes from the environment. Throws INVALID_CONFIGURATION naming every
 * problem with its path; `source` says there where the configuration came from.
 */
export function resolveConfig(config: unknown, environment: Environment, source = 'The configuration'): Settings {
  const result = configSchema(environment).safeParse(config, { error: said });
  const problems = [...hiddenKeys(config), ...(result.error?.issues ?? [])];
  if (result.success && problems.length === 0) return result.data;
  throw invalidConfiguration(source, problems);
}
