import { randomUUID } from 'node:crypto';

const traceparentForm = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
const noTrace = '0'.repeat(32);

/** The trace that a caller's `traceparent` header continues (W3C Trace Context, section 3.2), else a new one: 32 hex digits. */
export function traceIdOf(traceparent: string | null): string {
  const continued = traceparent === null ? undefined : traceparentForm.exec(traceparent)?.[1];
  return continued === undefined || continued === noTrace || traceparent?.startsWith('ff') === true
    ? randomUUID().replaceAll('-', '')
    : continued;
}
