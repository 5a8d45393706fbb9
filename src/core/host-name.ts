import { isIP } from 'node:net';

/** Whether a text is an IP address or a host name of letters, digits, `-`, `_` and dots, at most 253 characters. */
export function isHostName(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const labels = text.split('.');
  // A last label of digits alone is a mistyped address (256.1.1.1), not a name: RFC 1123, section 2.1.
  return (
    text.length <= 253 &&
    labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)) &&
    !/^\d+$/.test(labels.at(-1) ?? '')
  );
}

/** Whether a host is this machine by name or address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
