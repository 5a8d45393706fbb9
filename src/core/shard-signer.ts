/**
 * What the fleet says of one shard. Times are milliseconds since 1970; a `number` is greater than that of each statement of its kind
 * before.
 */
export type ShardStatement =
  /** What protects its rows is what was accepted; `validUntilMs` null: for good. */
  | {
      readonly says: 'accepted';
      readonly format: number;
      readonly number: number;
      readonly fingerprint: string;
      readonly validUntilMs: number | null;
    }
  /** Its tenants are let in until then, though what protects them was not accepted. */
  | { readonly says: 'overridden'; readonly number: number; readonly untilMs: number }
  /** Its protection was tried then, with this fingerprint; `found` is a digest of what came of it. */
  | { readonly says: 'verified'; readonly atMs: number; readonly fingerprint: string; readonly found: string };

/** The version of what a fingerprint is made of and of how it is signed. */
export const acceptanceFormat = 2;

/** What of a shard a later statement ends. */
export type NumberedStatement = Exclude<ShardStatement['says'], 'verified'>;

/** What is said of a shard until a later statement of its kind. */
export type NumberedShardStatement = Extract<ShardStatement, { readonly says: NumberedStatement }>;

/** The longest that tenants may be let into a shard in spite of what protects them: a day. */
export const longestOverrideMs = 86_400_000;

/**
 * How far a number may be ahead of the shard's clock: a day, for a clock that was set back. One beyond it, which only somebody without
 * the program has signed, would outdate all that comes after it.
 */
const furthestAheadMs = 86_400_000;

/** The greatest number that a statement may have that was made by now, by the shard's clock. */
export function greatestNumber(nowMs: number): number {
  return Math.trunc(nowMs) + furthestAheadMs;
}

/** Whether a number may be that of a statement that was made by now, by the shard's clock. */
export function isOfItsTime(number: number, nowMs: number): boolean {
  return number <= greatestNumber(nowMs);
}

/** Whether the program may have made it by now, whoever has signed it: a key that leaked signs anything. */
export function couldBeMade(statement: NumberedShardStatement, nowMs: number): boolean {
  const isBounded = statement.says !== 'overridden' || statement.untilMs - statement.number <= longestOverrideMs;
  return isBounded && isOfItsTime(statement.number, nowMs);
}

/** The number of the latest statement of each kind that is known of a shard. */
export type LatestNumbers = Readonly<Record<NumberedStatement, number>>;

/** Of a shard where nobody has signed anything yet, as far as is known. */
export const nothingSigned: LatestNumbers = { accepted: 0, overridden: 0 };

/** What is signed on a shard, and could be made by then. */
export interface SignedNumbers {
  readonly numbers: LatestNumbers;
  /** By the shard's clock, in milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * `signed`: by the current fleet key or, while it is rotated, the previous one. `outdated`: likewise, but a later statement of its kind is
 * known, by the catalog or by a signature that was seen, so that somebody has put this one back. `unbelievable`: likewise, but the
 * program makes none such (`couldBeMade`). `unsigned`: by neither key.
 */
export type SignatureCheck = 'signed' | 'outdated' | 'unbelievable' | 'unsigned';

/** Signs for one shard, and knows its signatures, which nobody can make without the fleet key. */
export interface ShardSigner {
  /** 32 bytes, by the current fleet key. */
  sign(statement: ShardStatement): Uint8Array;
  /** Whether it is so by the current fleet key or, while it is rotated, the previous one, whatever it says. */
  isSigned(statement: ShardStatement, signature: Uint8Array): boolean;
  /**
   * What a signature is worth now, by the shard's clock. Learns by it: the number of a statement that is signed, and could be made, is
   * remembered: none before it is `signed` from then on. One that was known and could not be made by now is forgotten for it.
   */
  check(statement: NumberedShardStatement, signature: Uint8Array, nowMs: number): SignatureCheck;
  /**
   * The number of a statement that is made now, by the shard's clock: after each that is known and could be made by it or the machine's. Where
   * the shard's is behind, it is believed once that is right.
   */
  numberAt(says: NumberedStatement, nowMs: number): number;
}

/** The part of it that connections for tenants need. */
export type ShardVerifier = Pick<ShardSigner, 'check'>;

/** By which fleet key something is signed. */
export type SigningKey = 'current' | 'previous' | 'neither';
