import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TenantryError } from '../core/errors.ts';
import { repeatedKeys } from './json-keys.ts';
import { invalidConfiguration } from './problems.ts';
import type { TenantryConfig } from './tenantry-config.ts';

const fileNames = ['tenantry.config.ts', 'tenantry.config.js', 'tenantry.config.json'] as const;

/**
 * Reads a configuration from a `.ts` or `.js` module (its default export) or a `.json` file; it is checked by
 * `createTenantry`. Throws INVALID_CONFIGURATION when the file cannot be read.
 */
export async function loadConfig(path: string): Promise<TenantryConfig> {
  const file = resolve(path);
  if (!existsSync(file)) throw new TenantryError('INVALID_CONFIGURATION', `There is no file ${path}.`);
  return extname(file) === '.json' ? fromJson(file, path) : fromModule(file, path);
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

async function fromJson(file: string, shown: string): Promise<TenantryConfig> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new TenantryError('INVALID_CONFIGURATION', `${shown} cannot be read${cause.code === undefined ? '' : ` (${cause.code})`}.`, {
      cause,
    });
  });
  const config = parsedJson(text, shown);
  const repeated = repeatedKeys(text);
  if (repeated.length === 0) return config;
  throw invalidConfiguration(
    shown,
    repeated.map(({ path, line }) => ({ path, message: `stands again in line ${line}; a name stands once` })),
  );
}

function parsedJson(text: string, shown: string): TenantryConfig {
  try {
    return JSON.parse(text) as TenantryConfig;
  } catch (cause) {
    const place = cause instanceof Error ? /line \d+ column \d+/.exec(cause.message)?.[0] : undefined; // the rest of it repeats the text
    throw new TenantryError('INVALID_CONFIGURATION', `${shown} is not JSON${place === undefined ? '' : ` (${place})`}.`);
  }
}

async function fromModule(file: string, shown: string): Promise<TenantryConfig> {
  if (!/^\.[cm]?[jt]s$/.test(extname(file))) throw new TenantryError('INVALID_CONFIGURATION', `${shown} must end in .ts, .js or .json.`);
  const module = (await importWithTenantry(pathToFileURL(file).href).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : 'unknown cause';
    throw new TenantryError('INVALID_CONFIGURATION', `${shown} cannot be loaded: ${why}`, { cause });
  })) as { default?: unknown };
  if (module.default === undefined)
    throw new TenantryError('INVALID_CONFIGURATION', `${shown} must have the configuration as its default export.`);
  return module.default as TenantryConfig;
}

/** Imports a module for which `tenantry` means the one that runs, where none is installed beside it. */
async function importWithTenantry(url: string): Promise<unknown> {
  const own = new URL(`../index${extname(import.meta.url)}`, import.meta.url).href;
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier !== 'tenantry') return next(specifier, context);
      try {
        return next(specifier, context);
      } catch {
        return { url: own, shortCircuit: true };
      }
    },
  });
  try {
    return await import(url);
  } finally {
    hooks.deregister();
  }
}
