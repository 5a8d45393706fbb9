/**
 * What comes of a finding: nothing is applied; rows are shown to, or changed by, somebody they do not belong to; somebody may learn that
 * rows, or values, of others are there; it costs something, or is not what it seems.
 */
export type FindingSeverity = 'refused' | 'leak' | 'oracle' | 'advice';

/** A kind of thing that is found on a shard, by its code. */
export interface FindingKind {
  readonly severity: FindingSeverity;
  /** What is so with the object, in one sentence without its beginning; `at` is a place in the configuration. */
  readonly say: (detail: string, at: string) => string;
  /** What to change, in words, where no statement does it alone: of names and columns only the table's owner can choose. */
  readonly advise?: (object: string, detail: string) => string;
  /** Whether what helps changes what protects the shard, so that it serves nobody until that is accepted. Default: it does. */
  readonly closes?: boolean;
  /** Why it matters, for docs/policy-findings.md. */
  readonly reason: string;
  /** What helps, for the same page. */
  readonly remedy: string;
}
