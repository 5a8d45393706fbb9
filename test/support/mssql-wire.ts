import { systemClock, type Clock } from '../../src/core/clock.ts';
import { compileSql, type CompiledSql, type Sql } from '../../src/core/sql.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { logIn } from '../../src/engine/mssql/login.ts';
import { MssqlConnection } from '../../src/engine/mssql/mssql-connection.ts';
import { mssqlDialect } from '../../src/engine/mssql/mssql-dialect.ts';
import { enteredMark } from '../../src/engine/mssql/routed-batch.ts';
import { WireClient } from '../../src/engine/mssql/wire-client.ts';
import type { Answer } from './tds/answer.ts';
import type { TdsServer } from './tds/server.ts';
import { doneStatus, doneToken, infoToken, returnStatusToken, returnValueToken, transactionToken } from './tds/tokens.ts';

/** A tenant's entry, as the wire tests present it. */
export const wireEntry: Entry = {
  mappingId: 7,
  key: Uint8Array.of(0x80, 0, 0, 1),
  epoch: 5,
  token: Uint8Array.from({ length: 16 }, (_, index) => index),
};

/** The descriptor that scripted transactions have. */
const descriptor = 0x1234n;

/** A connection as app to a scripted server, without the checks of `connect`, which ask for a shard. */
export async function connectScripted(
  server: Pick<TdsServer, 'host' | 'port'>,
  { answerBytes = 1_000_000, clock = systemClock }: { readonly answerBytes?: number; readonly clock?: Clock } = {},
): Promise<MssqlConnection> {
  const address = { engine: 'mssql', host: server.host, port: server.port, database: 'shard', tls: 'disable' } as const;
  const held = await logIn(address, { user: 'app', password: 'secret password' }, { clock, timeoutMs: 5_000 });
  return new MssqlConnection(new WireClient(held, { clock, answerBytes, bigints: 'text' }));
}

/** A statement as callers compile it. */
export function compiled(statement: Sql): CompiledSql {
  return compileSql(statement, mssqlDialect);
}

/** What a server says once `enter` has admitted a transaction. */
export const entered = (): Buffer[] => [transactionToken('begin', descriptor), infoToken({ number: 0, message: enteredMark })];

/** What it says at the end of a routed message. */
export const committed = (): Buffer[] => [
  transactionToken('commit', descriptor),
  returnStatusToken(0),
  returnValueToken('tenantry_done', 'bit', true),
  doneToken('DONEPROC'),
];

/** The whole answer to a routed statement that changed so many rows. */
export async function answerCount(answer: Answer, count: number): Promise<void> {
  await answer.end(...entered(), doneToken('DONEINPROC', doneStatus.more, count), ...committed());
}
