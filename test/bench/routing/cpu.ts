import { readFileSync } from 'node:fs';

/** Length of a tick of /proc/PID/stat on Linux. */
const tickMicros = 10_000;

/** Microseconds of CPU that processes have used so far, user and system, as Linux counts them; NaN elsewhere. */
export function cpuMicrosOf(processIds: readonly number[]): number {
  let ticks = 0;
  for (const processId of processIds) {
    try {
      // Fields 14 and 15, after the name in parentheses, which may hold spaces.
      const fields = readFileSync(`/proc/${processId}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      return Number.NaN;
    }
  }
  return ticks * tickMicros;
}

/** Microseconds of CPU that this process has used so far. */
export function ownCpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
