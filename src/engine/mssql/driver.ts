import type mssql from 'mssql';
import type { Connection } from 'tedious';

/** tedious' connections, and mssql's requests over them with its types. */
export interface Driver {
  readonly Connection: typeof Connection;
  readonly mssql: typeof mssql;
}

/** Loads the driver, once in the life of a process: it takes longer than a command to run, and none does that needs no SQL Server. */
export async function loadDriver(): Promise<Driver> {
  const [{ Connection }, { default: mssql }] = await Promise.all([import('tedious'), import('mssql')]);
  return { Connection, mssql };
}
