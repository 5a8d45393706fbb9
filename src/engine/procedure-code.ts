/** The text of a procedure that is called, or of one that it calls, as `policy/procedures` finds it. */
export interface ProcedureCode {
  readonly schema: string;
  readonly routine: string;
  /** Null where nobody may read it. */
  readonly text: string | null;
  /** As the server calls the language. */
  readonly language: string;
}

/** What a procedure's text says that no call may do, or none that only reads (`writes-in-reads`), by the code of a finding. */
export interface ProcedureRisk {
  readonly code: 'ends-transaction' | 'unread-code' | 'writes-in-reads';
  /** The words that say it, without any value. */
  readonly detail: string;
}
