import type { TlsMode } from './tls-mode.ts';

/** Where a database is; who logs in is kept elsewhere, so that an address may be stored and shown. */
export interface ShardAddress {
  /** Name of the engine, as `main.ts` registers it: `postgres`, `mssql`. */
  readonly engine: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly tls: TlsMode;
}
