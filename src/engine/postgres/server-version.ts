import pg from 'pg';
import type { Capabilities, ServerFacts } from '../capabilities.ts';
import { TenantryError, type ErrorCode } from '../../core/errors.ts';
import { ForeignServer } from '../unreachable.ts';

/** The oldest PostgreSQL that the tests are run on: the guarded setting needs a right on a parameter, which 15 brought. */
const oldestMajor = 15;
/** From here on a statement sent together with others is atomic, whatever it calls. */
const atomicCallsFrom = 18;

/** What a server may say first: authentication, an error, a notice, another version of the protocol. */
const firstAnswers: ReadonlySet<string> = new Set(['R', 'E', 'N', 'v']);

/**
 * What a PostgreSQL can do. Every version that Tenantry works with can do all: its parallel workers have the settings of their session,
 * the tenant ends with its transaction, and changes are followed by triggers that nothing has to be switched on for. What is not
 * known is not there.
 */
export function postgresCapabilities({ major }: ServerFacts): Capabilities {
  const isKnown = (major ?? 0) >= oldestMajor;
  return {
    securityPolicies: isKnown,
    readOnlyContext: isKnown,
    jsonTables: isKnown,
    serialPlans: isKnown,
    resetClearsContext: isKnown,
    changeTracking: isKnown,
  };
}

/** A client of pg that knows its server's version, which servers tell unasked when a session begins. */
export class ServerClient extends pg.Client {
  #version = '';

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // Not in pg's types; the message is as in pg-protocol 1.
    const { connection } = this as unknown as { connection: pg.Connection & { readonly ssl: unknown } };
    connection.on('parameterStatus', ({ parameterName, parameterValue }: { parameterName: string; parameterValue: string }) => {
      if (parameterName === 'server_version') this.#version = parameterValue;
    });
    if (connection.ssl !== false) return;
    // Where TLS is asked for, pg looks at the first byte itself; here it would take any for the beginning of a message, and wait for its
    // end.
    connection.stream.once('data', (bytes: Buffer) => {
      if (!firstAnswers.has(String.fromCharCode(bytes[0] ?? 0)))
        connection.stream.destroy(new ForeignServer('The first byte of the answer is not that of PostgreSQL.'));
    });
  }

  /** Whether a procedure or block in a statement may commit, and go on outside the transaction that the statement was sent in. */
  get callsMayCommit(): boolean {
    return this.#major < atomicCallsFrom;
  }

  /** Throws `code` where the server, once connected, is older than any that Tenantry works with. */
  requireKnownVersion(code: ErrorCode): void {
    if (this.#major >= oldestMajor) return;
    const detail = `The server is PostgreSQL ${this.#version === '' ? 'of an unknown version' : this.#version}; Tenantry works with ${oldestMajor} and later.`;
    throw new TenantryError(code, detail);
  }

  /** From now on a statement is sent when the one before it has been answered: pg takes those of other classes in no other way. */
  endPipeline(): void {
    (this as { pipeline: boolean }).pipeline = false;
  }

  get #major(): number {
    return Number.parseInt(this.#version, 10) || 0;
  }
}
