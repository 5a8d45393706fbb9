/** A row as a report has it. */
export type ReportedRow = Readonly<Record<string, string | number | boolean | null>>;

/** Why a case failed. */
export interface CaseFailure {
  /** One sentence. */
  readonly message: string;
  /** Rows that were expected and those that there were, where that is what differs. Never any but rows of the file. */
  readonly expected?: readonly ReportedRow[];
  readonly actual?: readonly ReportedRow[];
}

/** What became of a case. */
export interface CaseResult {
  readonly name: string;
  /** Who it was, as the file says it. */
  readonly as: string;
  /** Where the file says it. */
  readonly at: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly failure?: CaseFailure;
  /** Why it was passed over. */
  readonly reason?: string;
}

/** What became of a file's cases, in its order. */
export interface CaseFileResult {
  readonly file: string;
  readonly cases: readonly CaseResult[];
}
