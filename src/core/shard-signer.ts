/** What the fleet says of one shard. Times are milliseconds since 1970. */
export type ShardStatement =
  /** What protects its rows is what was accepted; `validUntilMs` null: for good. */
  | { readonly says: 'accepted'; readonly format: number; readonly fingerprint: string; readonly validUntilMs: number | null }
  /** Its tenants are let in until then, whatever protects them. */
  | { readonly says: 'overridden'; readonly untilMs: number }
  /** Its protection was tried then, with this fingerprint; `found` is a digest of what came of it. */
  | { readonly says: 'verified'; readonly atMs: number; readonly fingerprint: string; readonly found: string };

/** The version of what a fingerprint is made of and of how it is signed. */
export const acceptanceFormat = 1;

/** Signs for one shard, and knows its signatures, which nobody can make without the fleet key. */
export interface ShardSigner {
  /** 32 bytes, by the current fleet key. */
  sign(statement: ShardStatement): Uint8Array;
  /** Whether they are of the current fleet key or, while it is rotated, of the previous one. */
  isSigned(statement: ShardStatement, signature: Uint8Array): boolean;
}

/** The part of it that connections for tenants need. */
export type ShardVerifier = Pick<ShardSigner, 'isSigned'>;

/** By which fleet key something is signed. */
export type SigningKey = 'current' | 'previous' | 'neither';
