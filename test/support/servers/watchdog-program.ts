import { createInterface } from 'node:readline';
import { endServer, type ServerProcess } from './processes.ts';
import type { WatchdogOrder } from './watchdog.ts';

// Reads orders until its parent is gone, which closes the pipe, then ends what is still guarded.
const guarded = new Map<string, Extract<WatchdogOrder, { guard: ServerProcess }>>();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as WatchdogOrder;
  if ('guard' in order) guarded.set(order.guard.directory, order);
  else guarded.delete(order.release);
}

await Promise.all([...guarded.values()].map(({ guard, quit }) => endServer(guard, quit)));
