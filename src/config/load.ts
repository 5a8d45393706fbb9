import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { TenantryError } from '../core/errors.ts';
import { readObjectFile } from './object-file.ts';
import type { TenantryConfig } from './tenantry-config.ts';

const fileNames = ['tenantry.config.ts', 'tenantry.config.js', 'tenantry.config.json'] as const;

/**
 * Reads a configuration from a `.ts` or `.js` module (its default export) or a `.json` file; it is checked by
 * `createTenantry`. Throws INVALID_CONFIGURATION when the file cannot be read.
 */
export async function loadConfig(path: string): Promise<TenantryConfig> {
  return (await readObjectFile(path, resolve(path), { content: 'the configuration', code: 'INVALID_CONFIGURATION' })) as TenantryConfig;
}

/**
 * The path of the configuration: the one given, else `TENANTRY_CONFIG`, else the first of `tenantry.config.ts`, `.js`
 * and `.json` in the folder. Throws INVALID_CONFIGURATION when there is none.
 */
export function findConfig(
  given: string | undefined,
  environment: { readonly TENANTRY_CONFIG?: string | undefined },
  folder: string,
): string {
  if (given === '') throw new TenantryError('INVALID_CONFIGURATION', '--config names no file.');
  const named = given ?? (environment.TENANTRY_CONFIG || undefined);
  if (named !== undefined) return named;
  const found = fileNames.map((name) => resolve(folder, name)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  const advice = `There is no ${fileNames.join(', ')} here; name one by --config or TENANTRY_CONFIG, or write one by "tenantry init".`;
  throw new TenantryError('INVALID_CONFIGURATION', advice);
}
