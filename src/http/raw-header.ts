/**
 * A header of a request as it was sent, several of one name joined by commas as in `Headers`; null where there is none.
 * `name` is in lower case. Node's own `headers` would drop a second Authorization, and a `Headers` costs more than the rest
 * of a request's authentication.
 */
export function rawHeader(rawHeaders: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] ?? '';
    if (sent.length !== name.length || sent.toLowerCase() !== name) continue;
    const value = rawHeaders[index + 1] ?? '';
    found = found === null ? value : `${found}, ${value}`;
  }
  return found;
}
