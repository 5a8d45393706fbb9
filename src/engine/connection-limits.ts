/** What tenants are held to on one connection. */
export interface ConnectionLimits {
  /** Milliseconds that a statement may take; the server ends it a second later. */
  readonly statementTimeoutMs: number;
  /** Milliseconds that a transaction may take; the server ends one that stood still for so long, and a second. */
  readonly transactionTimeoutMs: number;
  /** Bytes that the answer of one statement may have, and one row of a stream; each row counts 64 bytes more than it has. */
  readonly answerBytes: number;
}

/** What holds where nothing else is said. */
export const defaultConnectionLimits: ConnectionLimits = {
  statementTimeoutMs: 15_000,
  transactionTimeoutMs: 60_000,
  answerBytes: 16_777_216,
};
