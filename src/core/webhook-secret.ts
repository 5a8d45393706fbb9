/** Bytes of a key by which notices are signed, at least and at most. */
const shortest = 24;
const longest = 64;

/** The key in a secret of the form that webhooks have, `whsec_` and base64 of 24 to 64 bytes; undefined where it is none. */
export function webhookKey(secret: string): Uint8Array | undefined {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  if (base64 === undefined) return undefined;
  const key = Buffer.from(base64, 'base64');
  return key.length >= shortest && key.length <= longest && key.toString('base64') === base64 ? key : undefined;
}
