import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { openServiceLog } from '../../src/main/service-log.ts';
import { FakeClock } from '../support/fake-clock.ts';

const program = new URL('../support/fixtures/log-and-end.ts', import.meta.url).pathname;

/** Runs a process that logs entries 0 to n - 1 and then comes to its end in some way. */
async function logOf(end: string, count: number): Promise<{ readonly numbers: readonly number[]; readonly status: number | null }> {
  const child = spawn(process.execPath, [program, end, String(count)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [log, [status]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
  const entries = log.split('\n').filter((line) => line.startsWith('{"level"'));
  return { numbers: entries.map((line) => (JSON.parse(line) as { n: number }).n), status };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('the log of a process', () => {
  it.each([
    ['close', 0],
    ['nothing more to do', 0],
    ['process.exit', 3],
    ['an uncaught error', 1],
  ])('has every line in its order when the process ends by %s', async (end, status) => {
    expect(await logOf(end, 1_003)).toEqual({ numbers: upTo(1_003), status });
  });

  it('has every line of a fatal entry and before it although the process is killed', async () => {
    expect(await logOf('a fatal entry and SIGKILL', 7)).toEqual({ numbers: upTo(8), status: null });
  });

  it('does not keep a process from its end when its reader is gone', async () => {
    const child = spawn(process.execPath, [program, 'close', '1000'], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.destroy();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

class Collector extends Writable {
  readonly isTTY: boolean;
  readonly writes: string[] = [];
  readonly #takes: boolean;

  constructor({ isTTY = false, takes = true } = {}) {
    super();
    this.isTTY = isTTY;
    this.#takes = takes;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes.push(chunk.toString());
    if (this.#takes) done();
  }
}

describe('a log that is written in batches', () => {
  it('holds a line back for 200 ms at most', () => {
    const [stream, clock] = [new Collector(), new FakeClock()];
    const { logger } = openServiceLog({ stream, clock, onDropped: () => undefined });
    logger.info('one');
    logger.info('two');
    clock.advance(199);
    expect(stream.writes).toEqual([]);
    clock.advance(1);
    expect(stream.writes.map((batch) => batch.split('\n').length - 1)).toEqual([2]);
    expect(clock.pending).toBe(0);
  });

  it('writes at once what is logged after it was closed', () => {
    const stream = new Collector();
    const { logger, close } = openServiceLog({ stream, clock: new FakeClock(), onDropped: () => undefined });
    close();
    logger.info('late');
    expect(stream.writes).toHaveLength(1);
  });

  it('writes every line at once on a terminal', () => {
    const stream = new Collector({ isTTY: true });
    const { logger } = openServiceLog({ stream, clock: new FakeClock(), onDropped: () => undefined });
    logger.info('one');
    logger.info('two');
    expect(stream.writes).toHaveLength(2);
  });

  it('drops lines, and says so, rather than filling the memory for a reader who stands still', () => {
    const stream = new Collector({ takes: false });
    let dropped = 0;
    const { logger } = openServiceLog({ stream, clock: new FakeClock(), onDropped: () => (dropped += 1) });
    const long = 'x'.repeat(1_048_576);
    for (let line = 0; line < 70; line += 1) logger.info(long);
    expect(dropped).toBe(6);
    expect(stream.writableLength).toBeLessThan(68_000_000);
  });
});
