/** A short word for a failure: the operating system's, Redis's or Tenantry's. Never a message, which may name an address. */
export function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  return 'code' in error && typeof error.code === 'string' ? error.code : (/^[A-Z]{2,}\b/.exec(error.message)?.[0] ?? error.name);
}
