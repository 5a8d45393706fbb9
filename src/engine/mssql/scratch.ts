import { sql } from '../../core/sql.ts';
import type { ScratchDatabases } from '../scratch.ts';
import { batchesOf } from './query-library.ts';

/** Databases of `model`. Azure SQL Database has no SINGLE_USER, and throws out whoever is in a database that is dropped. */
export const mssqlScratch: ScratchDatabases = {
  create: (name) => sql`CREATE DATABASE ${sql.id(name)};`,
  drop: (
    name,
  ) => sql`IF CAST(SERVERPROPERTY(N'EngineEdition') AS int) <> 5 ALTER DATABASE ${sql.id(name)} SET SINGLE_USER WITH ROLLBACK IMMEDIATE;
DROP DATABASE IF EXISTS ${sql.id(name)};`,
  batches: batchesOf,
};
