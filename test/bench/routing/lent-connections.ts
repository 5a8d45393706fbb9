import type { TestShard } from '../../support/postgres-shard.ts';
import type { RoutingWorld } from './world.ts';

/** As many connections to every shard as there are callers, each lent to one at a time, the one used last first. */
export class LentConnections<T> {
  readonly #all: readonly (readonly T[])[];
  readonly #idle: readonly T[][];

  private constructor(all: readonly (readonly T[])[]) {
    this.#all = all;
    this.#idle = all.map((connections) => [...connections]);
  }

  static async open<T>(count: number, { shards }: RoutingWorld, open: (shard: TestShard) => Promise<T>): Promise<LentConnections<T>> {
    return new LentConnections(await Promise.all(shards.map((shard) => Promise.all(Array.from({ length: count }, () => open(shard))))));
  }

  /** Throws where more use a shard than there are connections. */
  async use<R>(shard: number, work: (connection: T) => Promise<R>): Promise<R> {
    const idle = itemOf(this.#idle, shard);
    const connection = idle.pop();
    if (connection === undefined) throw new Error(`No connection to shard ${shard} is free.`);
    try {
      return await work(connection);
    } finally {
      idle.push(connection);
    }
  }

  /** What `look` tells of each connection. */
  async all<R>(look: (connection: T, shard: number) => R | Promise<R>): Promise<R[]> {
    return await Promise.all(this.#all.flatMap((connections, shard) => connections.map((connection) => look(connection, shard))));
  }

  async close(close: (connection: T) => Promise<void>): Promise<void> {
    await this.all(close);
  }
}

/** The item at an index; throws where there is none. */
export function itemOf<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`There is nothing at ${index}.`);
  return item;
}
