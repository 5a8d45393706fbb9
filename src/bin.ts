import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { runCommandLine } from './cli/command.ts';
import { createProgram } from './cli/program.ts';
import { processTerminal } from './cli/terminal.ts';
import { createEngines } from './main/engines.ts';
import { createServices } from './main/services.ts';

/** The version of the package this file belongs to, as source or built. */
function packageVersion(): string {
  const file = findPackageJSON(import.meta.url);
  const found: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'));
  return typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : 'unknown';
}

const world = {
  terminal: processTerminal(process, process.env),
  environment: process.env,
  folder: process.cwd(),
  services: createServices(createEngines()),
};
process.exitCode = await runCommandLine(createProgram(world, packageVersion()), world, process.argv.slice(2));
