import { sql } from '../../core/sql.ts';
import type { ScratchDatabases } from '../scratch.ts';

/** Databases of template0, in which nobody has left anything. */
export const postgresScratch: ScratchDatabases = {
  create: (name) => sql`create database ${sql.id(name)} template template0`,
  drop: (name) => sql`drop database if exists ${sql.id(name)} with (force)`,
  batches: (script) => [script],
};
