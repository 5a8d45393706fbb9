/** The third argument of a shard's `tenantry.enter`: the epoch as eight bytes, then the token. */
export function ticketBytes({ epoch, token }: { readonly epoch: number; readonly token: Uint8Array }): Buffer {
  const start = Buffer.alloc(8);
  start.writeBigInt64BE(BigInt(epoch));
  return Buffer.concat([start, token]);
}
