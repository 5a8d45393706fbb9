/**
 * How a connection is encrypted. `disable`: in the clear. `require`: to whoever answers. `verify-full`: the certificate is of a
 * trusted authority, and for this name. `strict`: the same, and nothing at all is said before TLS (TDS 8.0; PostgreSQL 17 and later).
 */
export const tlsModes = ['disable', 'require', 'verify-full', 'strict'] as const;

/** One of `tlsModes`. */
export type TlsMode = (typeof tlsModes)[number];

/** Whether the server has to prove who it is. */
export function verifiesServer(mode: TlsMode): boolean {
  return mode === 'verify-full' || mode === 'strict';
}
