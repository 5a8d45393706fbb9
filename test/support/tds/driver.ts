import { onTestFinished } from 'vitest';
import type mssql from 'mssql';
import { openPool, type DriverSettings } from './pool.ts';
import type { TdsScript } from './script.ts';
import { startTdsServer, type TdsServer } from './server.ts';

/** Columns of the answer that `serveDriver` gives by itself: one row with 1. */
export const number = { n: 'int' } as const;

/** A server for one test, which closes it; without a script every request is answered with one row. */
export async function serveDriver(script: Partial<TdsScript> = {}): Promise<TdsServer> {
  const server = await startTdsServer({ request: (_request, answer) => answer.rows(number, [[1]]), ...script });
  onTestFinished(() => server.close());
  return server;
}

/** A pool of the driver's own for one test, which closes it before the server. */
export async function pooledDriver(server: TdsServer, config: DriverSettings = {}): Promise<mssql.ConnectionPool> {
  const pool = await openPool(server, config);
  onTestFinished(() => pool.close());
  return pool;
}

/** Statements that the driver sent. */
export function textsTo(server: TdsServer): string[] {
  return server.recording.requests().map(({ text }) => text);
}

/** Status bits of the packets of each request. */
export function statusesTo(server: TdsServer): (readonly number[])[] {
  return server.recording.requests().map((request) => request.statuses);
}

/** The error with which work of the driver's fails. */
export async function failureOf(work: Promise<unknown>): Promise<Record<string, unknown>> {
  return await work.then(
    () => {
      throw new Error('It did not fail.');
    },
    (error: unknown) => error as Record<string, unknown>,
  );
}
