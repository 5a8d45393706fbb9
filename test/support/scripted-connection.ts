import { afterEach, beforeEach } from 'vitest';
import type { EngineConnection } from '../../src/engine/engine.ts';
import { ScriptedShard } from './scripted-shard.ts';

/** A scripted shard and a connection of app to it, which the test that runs has to itself. */
interface ScriptedConnection {
  readonly shard: ScriptedShard;
  readonly connection: EngineConnection;
  /** Goes on with another connection. */
  reconnect(...how: Parameters<ScriptedShard['connect']>): Promise<void>;
}

/** Starts both anew for each test of a file. */
export function useScriptedConnection(): ScriptedConnection {
  let shard: ScriptedShard;
  let connection: EngineConnection;
  beforeEach(async () => {
    shard = await ScriptedShard.start();
    connection = await shard.connect();
  });
  afterEach(async () => await shard[Symbol.asyncDispose]());
  return {
    get shard() {
      return shard;
    },
    get connection() {
      return connection;
    },
    reconnect: async (...how) => {
      connection = await shard.connect(...how);
    },
  };
}
