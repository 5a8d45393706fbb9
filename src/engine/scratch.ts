import type { Sql } from '../core/sql.ts';

/** The part of an engine that knows how a database is made for a short time, as the server's administrator. */
export interface ScratchDatabases {
  /** Not in a transaction. */
  create(name: string): Sql;
  /** The same; whoever is in it is thrown out. */
  drop(name: string): Sql;
  /** A file of statements as it is sent, part by part. */
  batches(script: string): readonly string[];
}
