/** One row of the catalogue: what a code means to a caller and to HTTP. */
interface ErrorEntry {
  /** HTTP status of the problem document. */
  readonly status: number;
  /** One sentence, fit for a stranger: never a value of a row, a token or a password. */
  readonly text: string;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
}

/** Every error Tenantry can raise. `docs/errors.md` is generated from this table. */
export const errorCatalogue = {
  INVALID_REQUEST: { status: 400, retryable: false, text: 'The request is malformed.' },
  INVALID_TENANT_ID: { status: 400, retryable: false, text: 'The tenant id is not in the canonical form of its key type.' },
  INVALID_CONFIGURATION: { status: 500, retryable: false, text: 'The configuration is invalid.' },
  UNAUTHENTICATED: { status: 401, retryable: false, text: 'The request carries no valid credentials.' },
  FORBIDDEN: { status: 403, retryable: false, text: 'The caller may not do this.' },
  UNKNOWN_TENANT: { status: 403, retryable: false, text: 'The tenant has no mapping in the shard map.' },
  NOT_FOUND: { status: 404, retryable: false, text: 'There is no such resource.' },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, text: 'The resource does not know this method.' },
  CONFLICT: { status: 409, retryable: false, text: 'The change conflicts with what is already there.' },
  OPERATION_IN_PROGRESS: { status: 409, retryable: true, text: 'Another operation holds this part of the shard map.' },
  CATALOG_UNVERIFIED: { status: 409, retryable: false, text: 'The catalog is not in a state in which the shard map may be changed.' },
  SERIALIZATION_FAILURE: { status: 409, retryable: true, text: 'The transaction conflicted with a concurrent one and was rolled back.' },
  ANSWER_TOO_LARGE: {
    status: 413,
    retryable: false,
    text: 'The answer is larger than the limit: ask for fewer rows, or for a stream.',
  },
  BODY_TOO_LARGE: { status: 413, retryable: false, text: 'The request body is too large.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, text: 'The media type of the body is not supported.' },
  CONSTRAINT_VIOLATION: { status: 422, retryable: false, text: 'The change violates a constraint.' },
  STATEMENT_FAILED: { status: 500, retryable: false, text: 'The database refused the statement.' },
  TRANSACTION_CONTROL: { status: 500, retryable: false, text: 'A statement tried to control the transaction that it ran in.' },
  SESSION_MISUSE: { status: 500, retryable: false, text: 'The session was used in a way it does not allow.' },
  CANCELLED: { status: 499, retryable: false, text: 'The caller cancelled the request.' },
  INTERNAL: { status: 500, retryable: false, text: 'An unexpected error occurred.' },
  COMMIT_UNKNOWN: {
    status: 500,
    retryable: false,
    text: 'The commit of the change was not confirmed: it may have happened.',
  },
  UNRECORDED: { status: 500, retryable: false, text: 'The change was made, and the catalog lacks what is to be known of it.' },
  TENANT_OFFLINE: { status: 503, retryable: true, text: 'The tenant is offline.' },
  TENANT_MOVING: { status: 503, retryable: true, text: 'The tenant is being moved or changed.' },
  SHARD_UNAVAILABLE: { status: 503, retryable: true, text: 'The shard cannot be reached.' },
  SHARD_UNVERIFIED: { status: 503, retryable: true, text: 'The shard is not in a state that may serve tenants.' },
  ISSUER_UNAVAILABLE: { status: 503, retryable: true, text: "The keys of the token's issuer cannot be fetched." },
  CATALOG_UNAVAILABLE: { status: 503, retryable: true, text: 'The catalog cannot be reached.' },
  OVERLOADED: { status: 503, retryable: true, text: 'Too much work is waiting already.' },
  TIMEOUT: { status: 504, retryable: true, text: 'The time limit of the request was reached.' },
} as const satisfies Record<string, ErrorEntry>;

/** A stable name of an error, one of the catalogue's keys. */
export type ErrorCode = keyof typeof errorCatalogue;

/** What is known of the statement that an error ended: `not-run` (or rolled back for certain) or `unknown`. */
export type Outcome = 'not-run' | 'unknown';

interface TenantryErrorOptions {
  readonly cause?: unknown;
  /** Milliseconds after which a retry is worth while. */
  readonly retryAfterMs?: number;
  /** Default `not-run`. */
  readonly outcome?: Outcome;
  /** Default: that of the code; never where the cause is an error of Tenantry's that is not: what is made of it succeeds no sooner. */
  readonly retryable?: boolean;
}

/** The only error type that leaves Tenantry. Its message names what was wrong and what is allowed, never a row's values. */
export class TenantryError extends Error {
  override readonly name = 'TenantryError';
  readonly code: ErrorCode;
  /** What is particular to this case, in sentences of its own; undefined where the catalogue's text says all. */
  readonly detail?: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly outcome: Outcome;

  /** `detail` follows the catalogue's text, and can be read without it; leave it out where the text says all. */
  constructor(code: ErrorCode, detail?: string, options: TenantryErrorOptions = {}) {
    const { text, retryable } = errorCatalogue[code];
    super(detail === undefined ? text : `${text} ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (detail !== undefined) this.detail = detail;
    this.retryable = options.retryable ?? (retryable && !(options.cause instanceof TenantryError && !options.cause.retryable));
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
    this.outcome = options.outcome ?? 'not-run';
  }

  /** What people need to read of it: the detail, else the catalogue's text. */
  get reason(): string {
    return this.detail ?? this.message;
  }
}

const withoutAnswer: ReadonlySet<ErrorCode> = new Set(['SHARD_UNAVAILABLE', 'OVERLOADED', 'TIMEOUT']);

/** Whether what was asked of a shard had no answer just now: it is away, has no room for one more, or is held up by somebody's lock. */
export function hadNoAnswer(error: unknown): error is TenantryError {
  return error instanceof TenantryError && withoutAnswer.has(error.code);
}

/** What was thrown, as an error: INTERNAL for anything that is none. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new TenantryError('INTERNAL', undefined, { cause: thrown });
}

/** The same as one of Tenantry's: INTERNAL, with its name alone, for any other. */
export function asTenantryError(thrown: unknown): TenantryError {
  if (thrown instanceof TenantryError) return thrown;
  return new TenantryError('INTERNAL', `An unexpected error: ${asError(thrown).name}.`, { cause: thrown });
}
