import { defineConfig } from 'vitest/config';

const seconds = 1_000;

interface Files {
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  /** Groups run one after another, the files of a group side by side. */
  readonly group: number;
  readonly maxWorkers: number;
  readonly timeoutMs: number;
  /** Whether each file has a process of its own; else files share those of the workers, and what these have imported. */
  readonly isolate: boolean;
}

function project(name: string, { include, exclude = [], group, maxWorkers, timeoutMs, isolate }: Files) {
  return {
    test: {
      name,
      include: [...include],
      exclude: [...exclude],
      sequence: { groupOrder: group },
      maxWorkers,
      isolate,
      testTimeout: timeoutMs,
      // A hook may have to wait for the container of a SQL Server.
      hookTimeout: 300 * seconds,
      // What is awaited comes at once, or late on a busy machine; what never comes need not be told fast.
      expect: { poll: { timeout: 25 * seconds, interval: 20 } },
      // It imports JSON in the way of bundlers.
      server: { deps: { inline: [/@actions\/workflow-parser/] } },
    },
  };
}

/** A folder of `test/` as a project of its own. */
function folder(name: string, files: Omit<Files, 'include'>) {
  return project(name, { include: [`test/${name}/**/*.test.ts`], ...files });
}

/** Of `integration`, what looks at the process itself or changes it: modules loaded, sockets open, certificates trusted, V8's flags. */
const ofTheProcess = ['driver-load', 'joining', 'tls', 'mssql-wire/entra', 'mssql-wire/held-connection', 'mssql-wire/unopened'].map(
  (name) => `test/integration/${name}.test.ts`,
);
// One more worker than cores: a file often waits for its server.
const withServers = { group: 1, maxWorkers: 3, timeoutMs: 120 * seconds } as const;

export default defineConfig({
  test: {
    pool: 'forks',
    globalSetup: './test/support/global-setup.ts',
    reporters: ['default', './test/support/not-run-reporter.ts'],
    projects: [
      folder('unit', { group: 0, maxWorkers: 2, timeoutMs: 120 * seconds, isolate: false }),
      folder('contract', { ...withServers, isolate: false }),
      folder('integration', { ...withServers, exclude: ofTheProcess, isolate: false }),
      project('integration-process', { ...withServers, include: ofTheProcess, isolate: true }),
      folder('security', { ...withServers, exclude: ['test/security/mutations/**'], isolate: false }),
      folder('chaos', { group: 2, maxWorkers: 3, timeoutMs: 600 * seconds, isolate: true }),
      // By itself: it measures how trouble spreads, and a busy neighbour would look like it.
      folder('alone', { group: 3, maxWorkers: 1, timeoutMs: 600 * seconds, isolate: true }),
      // Not in `npm test`: hundreds of changes of a shard, one after another.
      project('mutations', {
        include: ['test/security/mutations/**/*.test.ts'],
        group: 4,
        maxWorkers: 2,
        timeoutMs: 600 * seconds,
        isolate: true,
      }),
      // Not in `npm test`: it installs the packages of the image, and starts the program some twenty times.
      folder('image', { group: 4, maxWorkers: 1, timeoutMs: 600 * seconds, isolate: true }),
      // Not in `npm test`: it plants faults for `npm run check` to find, and has Microsoft's compiler judge what the program sends.
      folder('check', { group: 4, maxWorkers: 2, timeoutMs: 600 * seconds, isolate: true }),
    ],
  },
});
