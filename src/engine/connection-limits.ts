import type { Limits } from '../core/limits.ts';

/**
 * What tenants are held to on one connection. The server ends a statement a second after its limit, and a transaction
 * that stood still for its limit and a second.
 */
export type ConnectionLimits = Pick<Limits, 'statementTimeoutMs' | 'transactionTimeoutMs' | 'answerBytes'>;
