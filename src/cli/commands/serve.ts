import type { Command } from 'commander';
import { addCommand, type CliWorld } from '../command.ts';

/** `tenantry serve`. */
export function addServeCommand(program: Command, world: CliWorld): void {
  addCommand(
    program,
    world,
    {
      usage: 'serve',
      summary: 'serve the HTTP API until SIGTERM or SIGINT, then finish what runs and end; logs are on stderr',
      examples: ['serve', 'serve --config /etc/tenantry/tenantry.config.ts'],
    },
    (command) => command,
    async ({ settings, output, world: { services, untilStopped, terminal } }) => {
      await services.serve(await settings(), {
        stop: untilStopped(),
        log: terminal.err,
        onListening: (addresses) => output.result(addresses, `api ${addresses.api}\nops ${addresses.ops}`),
      });
    },
  );
}
