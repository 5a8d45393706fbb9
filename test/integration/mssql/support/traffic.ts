import { systemClock } from '../../../../src/core/clock.ts';
import { TenantryError } from '../../../../src/core/errors.ts';
import type { Login } from '../../../../src/core/principal.ts';
import type { Row } from '../../../../src/core/session.ts';
import type { ShardAddress } from '../../../../src/core/shard-address.ts';
import { compileSql } from '../../../../src/core/compile-sql.ts';
import { sqlText } from '../../../../src/core/sql.ts';
import type { EngineConnection } from '../../../../src/engine/engine.ts';
import { logIn } from '../../../../src/engine/mssql/login.ts';
import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { WireClient } from '../../../../src/engine/mssql/wire-client.ts';
import { enterText, entryOf } from './entries.ts';

/** What may end a statement. */
export interface Interruptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What is said of a request besides. */
export interface CallOptions extends Interruptions {
  /** What it brings besides its tenant. */
  readonly contextValues?: string;
}

/** Requests of several tenants, one after another, over one and the same connection. */
export interface Traffic {
  query(tenant: number, text: string, options?: CallOptions): Promise<Row[]>;
  close(): Promise<void>;
}

const patienceMs = 20_000;

/** Over a pool of one, which opens another connection where its own is no longer usable. */
export function routedTraffic(connect: () => Promise<EngineConnection>): Traffic {
  let connection: EngineConnection | undefined;
  return {
    query: async (tenant, text, { timeoutMs = patienceMs, signal, contextValues } = {}) => {
      if (connection?.usable !== true) connection = await connect();
      const statement = compileSql(sqlText(text), mssqlDialect);
      return (await connection.execute(entryOf(tenant), statement, { readOnly: false, timeoutMs, signal, contextValues })).rows;
    },
    close: async () => await connection?.close(),
  };
}

/**
 * What a pool without care does: every request enters, in a batch of its own with the statement, and that is all. Nothing is
 * reset, the statement has no scope of its own, and what the server says of an error is handed on.
 */
export async function carelessTraffic(address: ShardAddress, login: Login): Promise<Traffic> {
  const held = await logIn(address, login, { clock: systemClock, timeoutMs: 5_000 });
  const wire = new WireClient(held, { clock: systemClock, answerBytes: Infinity, bigints: 'number' });
  return {
    query: async (tenant, statement, { timeoutMs = patienceMs, signal, contextValues } = {}) => {
      const text = `SET XACT_ABORT OFF;\nBEGIN TRANSACTION;\n${enterText(tenant, {}, contextValues)}\n${statement};\nCOMMIT TRANSACTION;`;
      const answer = await wire.run({ kind: 'batch', text }, { timeoutMs, signal });
      if (answer.error !== undefined) throw new Error(answer.errors.map(({ message }) => message).join('; '));
      if (answer.loss !== undefined || answer.interruption !== undefined) throw new TenantryError('SHARD_UNAVAILABLE');
      return answer.rows;
    },
    close: () => wire.close(),
  };
}
