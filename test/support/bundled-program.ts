import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { serverDirectory } from './servers/server-directory.ts';

/** A program of the tests, with all that it imports, in a folder that goes away with this process. */
export interface BundledProgram {
  readonly file: string;
  /** What its processes are given besides their environment, to be up sooner. */
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Makes one file of a program and its imports. Of its start, some 500 modules that are found and linked one by one take four fifths:
 * where processes are killed by the hundred, that is most of a test's time. The program does nothing without a parent process.
 */
export async function bundleProgram(entry: URL): Promise<BundledProgram> {
  const directory = serverDirectory('tenantry-program-', 'SIGTERM');
  const environment = { NODE_COMPILE_CACHE: join(directory, 'compiled') };
  const bundle = await rolldown({
    input: fileURLToPath(entry),
    platform: 'node',
    // Loaded by nobody who asks PostgreSQL alone.
    external: [/^tedious/, /^@azure\//, 'pg-native'],
    plugins: [
      {
        name: 'files beside the sources are found from where the sources are',
        transform: (code, id) => code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)),
      },
    ],
  });
  const { output } = await bundle.write({ dir: directory, format: 'esm' });
  await bundle.close();
  const file = join(directory, output[0].fileName);
  // Who is killed leaves no compiled code: one that ends by itself does.
  await promisify(execFile)(process.execPath, [file], { env: { ...process.env, ...environment } });
  return { file, environment };
}
