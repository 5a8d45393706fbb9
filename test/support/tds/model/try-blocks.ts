import type { ServerMessage } from '../tokens.ts';
import type { Step } from './steps.ts';

/** A TRY block with its CATCH. */
export interface TryBlock {
  readonly kind: 'try';
  readonly body: readonly (Step | TryBlock)[];
  readonly handler: readonly (Step | TryBlock)[];
}

/** An error within a TRY block, on its way to the CATCH. */
export class Caught extends Error {
  readonly error: ServerMessage;

  constructor(error: ServerMessage) {
    super(`${error.number}`);
    this.error = error;
  }
}

/** Steps with their TRY blocks as steps of their own. A block without its CATCH is refused, as by the compiler. */
export function inBlocks(steps: readonly Step[]): readonly (Step | TryBlock)[] {
  return groupUpTo(undefined, [...steps]);
}

/** Takes steps up to and with this one, from the front; undefined: all of them. */
function groupUpTo(end: 'end try' | 'end catch' | undefined, rest: Step[]): (Step | TryBlock)[] {
  const grouped: (Step | TryBlock)[] = [];
  for (let step = rest.shift(); step !== undefined; step = rest.shift()) {
    if (step.kind === end) return grouped;
    if (step.kind === 'begin try') grouped.push(tryBlock(rest));
    else grouped.push(step);
  }
  if (end !== undefined) throw new Error('A TRY block without its CATCH.');
  return grouped;
}

function tryBlock(rest: Step[]): TryBlock {
  const body = groupUpTo('end try', rest);
  if (rest.shift()?.kind !== 'begin catch') throw new Error('A TRY block without its CATCH.');
  return { kind: 'try', body, handler: groupUpTo('end catch', rest) };
}
