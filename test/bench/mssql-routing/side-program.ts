import { ownCpuMicros } from '../routing/cpu.ts';
import { askers } from './askers.ts';

/**
 * One side in a process of its own: what V8 has learnt of the other's objects, and what the other has left for the collector, would
 * count as its own. For each number of statements that it is sent, it asks so many and sends back the microseconds of CPU of one.
 */
const [name, port, callers] = process.argv.slice(2);
const count = Number(callers);
const asker = await askers[name === 'bare' ? 'bare' : 'routed'](Number(port), count);

async function microsOf(statements: number): Promise<number> {
  const before = ownCpuMicros();
  const work = async (caller: number): Promise<void> => {
    for (let id = 0; id < statements / count; id += 1) await asker.ask(caller, id);
  };
  await Promise.all(Array.from({ length: count }, (_, caller) => work(caller)));
  return (ownCpuMicros() - before) / statements;
}

process.on('message', (statements: number) => void microsOf(statements).then((micros) => process.send?.(micros)));
process.once('disconnect', () => void asker.close());
process.send?.('ready');
