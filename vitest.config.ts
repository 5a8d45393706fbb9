import { defineConfig } from 'vitest/config';

const seconds = 1_000;

/** A folder of `test/` as a project of its own; groups run one after another, the files of a group side by side. */
function folder(name: string, group: number, maxWorkers: number, timeoutMs: number) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      sequence: { groupOrder: group },
      maxWorkers,
      testTimeout: timeoutMs,
      // A hook may have to wait for the container of a SQL Server.
      hookTimeout: 120 * seconds,
      // It imports JSON in the way of bundlers.
      server: { deps: { inline: [/@actions\/workflow-parser/] } },
    },
  };
}

export default defineConfig({
  test: {
    pool: 'forks',
    globalSetup: './test/support/global-setup.ts',
    reporters: ['default', './test/support/not-run-reporter.ts'],
    projects: [
      folder('unit', 0, 2, 30 * seconds),
      // One more than cores: a file often waits for its server.
      folder('contract', 1, 3, 30 * seconds),
      folder('integration', 1, 3, 60 * seconds),
      folder('security', 1, 3, 60 * seconds),
      folder('chaos', 2, 3, 300 * seconds),
      // By itself: it measures how trouble spreads, and a busy neighbour would look like it.
      folder('alone', 3, 1, 180 * seconds),
      // Not in `npm test`: it installs the packages of the image, and starts the program some twenty times.
      folder('image', 4, 1, 180 * seconds),
      // Not in `npm test`: it plants faults for `npm run check` to find, and has Microsoft's compiler judge what the program sends.
      folder('check', 4, 2, 120 * seconds),
    ],
  },
});
