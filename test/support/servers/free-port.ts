import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below those that operating systems give out by themselves: a server that is down for a moment finds its port again, whoever listens or
 * connects meanwhile.
 */
const ports = { from: 10_000, below: 32_000 } as const;
const attempts = 100;

/** A TCP port of 127.0.0.1 that nobody listens on at this moment; who binds it must be ready to lose the race and ask again. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const port = randomInt(ports.from, ports.below);
    if (await isFree(port)) return port;
  }
  throw new Error(`Of ${attempts} ports of 127.0.0.1 from ${ports.from} on none is free.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
