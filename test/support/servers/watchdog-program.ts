import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { endServer } from './processes.ts';
import type { WatchdogOrder } from './watchdog.ts';

// Reads orders until its parent is gone, which closes the pipe, then ends what is still guarded.
const guarded = new Map<string, Extract<WatchdogOrder, { guard: string }>>();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as WatchdogOrder;
  if ('guard' in order) guarded.set(order.guard, order);
  else guarded.delete(order.release);
}

await Promise.all(
  [...guarded.values()].map(async ({ guard, server, quit }) => {
    if (server === undefined) rmSync(guard, { recursive: true, force: true });
    else await endServer(server, quit);
  }),
);
