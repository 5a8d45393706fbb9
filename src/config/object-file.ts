import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TenantryError, type ErrorCode } from '../core/errors.ts';
import { repeatedKeys } from './json-keys.ts';
import { problemList } from '../core/problem-list.ts';

/** What a file is read for, for messages. */
export interface ObjectFileKind {
  /** What the default export of a module is: `the configuration`. */
  readonly content: string;
  /** Of what is thrown where it cannot be read. */
  readonly code: ErrorCode;
}

/**
 * Reads what a `.ts` or `.js` module exports as its default, or a `.json` file holds; it is not checked. `path` is what messages call the
 * file, whose absolute path is `file`. Throws where there is no such thing.
 */
export async function readObjectFile(path: string, file: string, kind: ObjectFileKind): Promise<unknown> {
  const refuse: Refuse = (reason, cause) => {
    throw new TenantryError(kind.code, reason, cause === undefined ? {} : { cause });
  };
  if (!existsSync(file)) return refuse(`There is no file ${path}.`);
  return extname(file) === '.json' ? fromJson(file, path, refuse) : fromModule(file, path, kind, refuse);
}

type Refuse = (reason: string, cause?: unknown) => never;

async function fromJson(file: string, shown: string, refuse: Refuse): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) =>
    refuse(`${shown} cannot be read${cause.code === undefined ? '' : ` (${cause.code})`}.`, cause),
  );
  const content = parsedJson(text, shown, refuse);
  const repeated = repeatedKeys(text);
  if (repeated.length === 0) return content;
  return refuse(
    problemList(
      shown,
      repeated.map(({ path, line }) => ({ path, message: `stands again in line ${line}; a name stands once` })),
    ),
  );
}

function parsedJson(text: string, shown: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const place = cause instanceof Error ? /line \d+ column \d+/.exec(cause.message)?.[0] : undefined; // the rest of it repeats the text
    return refuse(`${shown} is not JSON${place === undefined ? '' : ` (${place})`}.`);
  }
}

async function fromModule(file: string, shown: string, { content }: ObjectFileKind, refuse: Refuse): Promise<unknown> {
  if (!/^\.[cm]?[jt]s$/.test(extname(file))) return refuse(`${shown} must end in .ts, .js or .json.`);
  const module = (await importWithTenantry(pathToFileURL(file).href).catch((cause: unknown) =>
    refuse(`${shown} cannot be loaded: ${cause instanceof Error ? cause.message : 'unknown cause'}`, cause),
  )) as { default?: unknown };
  return module.default ?? refuse(`${shown} must have ${content} as its default export.`);
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
