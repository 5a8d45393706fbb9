import pg from 'pg';
import type { Entry } from '../../src/engine/entry.ts';
import { write } from './app-shard.ts';
import { ticketBytes } from './ticket-bytes.ts';

/** What a router shows for an entry: epoch, token and key in one. */
export function shownFor(claims: Entry): Buffer {
  return Buffer.concat([ticketBytes(claims), claims.key]);
}

/** Calls that form of `tenantry.enter`, over a client of its own, with what is shown. */
export async function enterByHand(
  client: pg.Client,
  { isPoint }: { readonly isPoint: boolean },
  mappingId: number | null,
  shown: Buffer | null,
  options = write,
): Promise<void> {
  const name = `tenantry.enter${isPoint ? '_point' : ''}${options.readOnly ? '_read_only' : ''}`;
  if (isPoint) await client.query(`select ${name}($1, $2)`, [mappingId, shown]);
  else await client.query(`select ${name}($1, $2, $3)`, [mappingId, shown?.subarray(24) ?? null, shown?.subarray(0, 24) ?? null]);
}

/** The SQLSTATE by which the server refuses; undefined where it does not. */
export async function refusalOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code;
    throw error;
  }
}
