import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { constants, userInfo } from 'node:os';
import { runCommandLine } from './cli/run-command-line.ts';
import { processTerminal } from './cli/terminal.ts';
import { systemClock } from './core/clock.ts';
import { createEngines } from './main/engines.ts';
import { createServices } from './main/services.ts';

/** The version of the package this file belongs to, as source or built. */
function packageVersion(): string {
  const file = findPackageJSON(import.meta.url);
  const found: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'));
  return typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : 'unknown';
}

/** A container may run as a number to which no name belongs. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** Aborted by the first SIGTERM or SIGINT; a second one ends the process, with the status that a shell shows for it. */
function untilStopped(): AbortSignal {
  const controller = new AbortController();
  const stop = (_name: NodeJS.Signals, number: number): void => {
    if (controller.signal.aborted) process.exit(128 + number);
    controller.abort();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  return controller.signal;
}

/** Who reads the data has enough, as `head` has: the process ends, with the status that a shell shows for it. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(128 + constants.signals.SIGPIPE);
});

const world = {
  version: packageVersion(),
  terminal: processTerminal(process, process.env),
  environment: process.env,
  folder: process.cwd(),
  untilStopped,
  userName,
  services: createServices({
    engines: createEngines(),
    clock: systemClock,
    now: () => new Date(),
    warn: (text) => process.stderr.write(`warning: ${text}\n`),
  }),
};
process.exitCode = await runCommandLine(world, process.argv.slice(2));
