import { errorCatalogue, TenantryError, type ErrorCode } from '../core/errors.ts';
import { InvalidRequest, MethodNotAllowed } from './request-problem.ts';

/** An answer as status, headers and text: what the adapter sends without building more objects. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Codes of the program's own making are not for callers of the API; a conflict is one, whoever saw it. */
export const shownAs: Partial<Record<ErrorCode, ErrorCode>> = {
  INVALID_TENANT_ID: 'INTERNAL',
  INVALID_CONFIGURATION: 'INTERNAL',
  STATEMENT_FAILED: 'INTERNAL',
  TRANSACTION_CONTROL: 'INTERNAL',
  SESSION_MISUSE: 'INTERNAL',
  UNRECORDED: 'INTERNAL',
  SERIALIZATION_FAILURE: 'CONFLICT',
  OPERATION_IN_PROGRESS: 'CONFLICT',
};

/** Seconds that a caller of a 503 should wait where the error does not say. */
const defaultRetryAfterSeconds = 1;

/** The code that the API shows for whatever was thrown. */
export function problemCode(error: unknown): ErrorCode {
  if (!(error instanceof TenantryError)) return 'INTERNAL';
  // Only a request that was read can be invalid: the same code from further down is a fault of the program.
  if (error.code === 'INVALID_REQUEST' && !(error instanceof InvalidRequest)) return 'INTERNAL';
  return shownAs[error.code] ?? error.code;
}

/** What an error is told about: details of other codes could tell of rows or servers that are not the caller's. */
const explained: ReadonlySet<ErrorCode> = new Set([
  'UNAUTHENTICATED',
  'METHOD_NOT_ALLOWED',
  'ANSWER_TOO_LARGE',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
]);

/** What the answer needs to know of the request. */
export interface ProblemContext {
  readonly traceId: string;
  /** The request brought credentials, good or bad. */
  readonly hasCredentials: boolean;
}

/** The problem document (RFC 9457) of whatever was thrown: a fixed text per code, and what is wrong where the caller can mend it. */
export function problemAnswer(error: unknown, { traceId, hasCredentials }: ProblemContext): PlainAnswer {
  const code = problemCode(error);
  const { status, text: title } = errorCatalogue[code];
  const document = {
    type: `urn:tenantry:error:${code}`,
    title,
    status,
    code,
    ...(explained.has(code) && error instanceof TenantryError && error.detail !== undefined ? { detail: error.detail } : {}),
    ...(error instanceof InvalidRequest ? { errors: error.problems } : {}),
    traceId,
  };
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headersOf(error, status, hasCredentials) },
    text: JSON.stringify(document),
  };
}

function headersOf(error: unknown, status: number, hasCredentials: boolean): Record<string, string> {
  switch (status) {
    case 401: // without credentials there is no error to name: RFC 6750, section 3.1
      return { 'www-authenticate': hasCredentials ? 'Bearer realm="tenantry", error="invalid_token"' : 'Bearer realm="tenantry"' };
    case 403:
      return { 'www-authenticate': 'Bearer realm="tenantry", error="insufficient_scope"' };
    case 405:
      return error instanceof MethodNotAllowed ? { allow: error.allowed.join(', ') } : {};
    case 413:
      return { connection: 'close' };
    case 503: {
      const retryAfterMs = error instanceof TenantryError ? error.retryAfterMs : undefined;
      return {
        'retry-after': String(retryAfterMs === undefined ? defaultRetryAfterSeconds : Math.max(1, Math.ceil(retryAfterMs / 1_000))),
      };
    }
    default:
      return {};
  }
}
