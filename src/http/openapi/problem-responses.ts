import { errorCatalogue, type ErrorCode } from '../../core/errors.ts';
import type { JsonSchema } from '../columns/codec.ts';

/** What every request with a token may be answered with, whatever it asks for. */
const always: readonly ErrorCode[] = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'UNKNOWN_TENANT',
  'INTERNAL',
  'TENANT_OFFLINE',
  'TENANT_MOVING',
  'SHARD_UNAVAILABLE',
  'SHARD_UNVERIFIED',
  'ISSUER_UNAVAILABLE',
  'CATALOG_UNAVAILABLE',
  'OVERLOADED',
  'TIMEOUT',
];

const read: readonly ErrorCode[] = [...always, 'INVALID_REQUEST', 'ANSWER_TOO_LARGE'];
const write: readonly ErrorCode[] = [...always, 'INVALID_REQUEST', 'CONFLICT', 'CONSTRAINT_VIOLATION', 'COMMIT_UNKNOWN'];
const withBody: readonly ErrorCode[] = [...write, 'BODY_TOO_LARGE', 'ANSWER_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

/** The codes that each operation of the API can answer with. */
export const operationCodes = {
  me: ['UNAUTHENTICATED', 'FORBIDDEN', 'INTERNAL', 'ISSUER_UNAVAILABLE'],
  list: read,
  find: [...read, 'NOT_FOUND'],
  insert: withBody,
  update: [...withBody, 'NOT_FOUND'],
  remove: [...write, 'NOT_FOUND'],
  call: withBody,
} as const satisfies Record<string, readonly ErrorCode[]>;

/** The document that every error has (RFC 9457). */
export const problemSchema: JsonSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'traceId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    errors: {
      description: 'Everything that is wrong with the request.',
      type: 'array',
      items: {
        type: 'object',
        required: ['in', 'pointer', 'detail'],
        properties: { in: { enum: ['body', 'query', 'path', 'header'] }, pointer: { type: 'string' }, detail: { type: 'string' } },
      },
    },
    traceId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
};

const headers: Readonly<Record<number, Readonly<Record<string, unknown>>>> = {
  401: { 'WWW-Authenticate': { required: true, schema: { type: 'string' } } },
  403: { 'WWW-Authenticate': { required: true, schema: { type: 'string' } } },
  503: { 'Retry-After': { required: true, description: 'Seconds.', schema: { type: 'integer', minimum: 1 } } },
};

/** The answers of an operation that are problems: by status, as references into `components`, which get what is missing. */
export function problemResponses(codes: readonly ErrorCode[], components: Record<string, unknown>): Record<string, unknown> {
  const byStatus = Map.groupBy(codes, (code) => errorCatalogue[code].status);
  const responses: Record<string, unknown> = {};
  for (const [status, same] of [...byStatus].toSorted(([one], [other]) => one - other)) {
    const name = same.join('.');
    components[name] ??= problemResponse(status, same);
    responses[status] = { $ref: `#/components/responses/${name}` };
  }
  return responses;
}

function problemResponse(status: number, codes: readonly ErrorCode[]): Record<string, unknown> {
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Problem' }],
    properties: { status: { const: status }, code: { enum: codes } },
  };
  return {
    description: codes.map((code) => `${code}: ${errorCatalogue[code].text}`).join(' '),
    ...(headers[status] === undefined ? {} : { headers: headers[status] }),
    content: { 'application/problem+json': { schema } },
  };
}
