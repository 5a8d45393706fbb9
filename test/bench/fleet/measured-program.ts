import { writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * The command line in a process of its own, which says at its end, on descriptor 3, how much memory it held at most, in bytes: what is in
 * use, without what the collector would take. To look costs time: a process is asked for the one or the other.
 */
const betweenLooksMs = 100;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
let most = 0;
function look(): void {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  most = Math.max(most, heapUsed + external);
}

if (process.env['BENCH_MEMORY'] === 'yes') setInterval(look, betweenLooksMs).unref();
process.on('exit', () => {
  look();
  writeSync(3, String(most));
});
await import('../../../src/bin.ts');
