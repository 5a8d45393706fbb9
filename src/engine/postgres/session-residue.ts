import { randomInt } from 'node:crypto';
import type { Residue } from './command-tag.ts';
import type { ExchangeBuilder } from './exchange-builder.ts';
import type { WireClient } from './wire-client.ts';

/** Makes a session whose transaction has ended as clean as a new one: by a reset behind the caller's back, or by closing it. */
export function clearResidue(wire: WireClient, builder: ExchangeBuilder, residue: Residue): void {
  switch (residue) {
    case 'none':
      return;
    case 'resettable':
    case 'transaction-control':
      // Prepared statements go too: SQL can redefine one under a name that this connection uses.
      builder.forgetAll();
      wire.runAfter('discard all');
      // It leaves the numbers of random() as they go on from the seed that a statement has set, and so knows.
      wire.runAfter(`set seed = ${randomInt(2 ** 47) / 2 ** 47}`);
      return;
    case 'permanent':
      wire.discard();
      return;
  }
}
