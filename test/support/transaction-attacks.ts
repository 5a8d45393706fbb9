/** A statement of a tenant's that reaches for the transaction it runs in, and what must become of it. */
export interface TransactionAttack {
  readonly title: string;
  /** T-SQL, a statement on each line; `insert(n)` is a row n of Blogs. See `textOf`. */
  readonly lines: readonly string[];
  /** What the caller is told as a routed statement: that it is done, or an error with its outcome. */
  readonly told: 'done' | { readonly code: string; readonly outcome: 'not-run' | 'unknown' };
  /** Rows that are there afterwards. */
  readonly rows: readonly number[];
  /** Rows that are there afterwards if it was a statement of a session, which has inserted row 9 and would commit; the same by default. */
  readonly inSession?: readonly number[];
}

/** The statement as it is sent. */
export function textOf(lines: readonly string[]): string {
  return lines.map((line) => (/^(?:BEGIN|END) (?:TRY|CATCH)$/.test(line) ? line : `${line};`)).join('\n');
}

/** Inserts a row for whoever the session's tenant is. */
export const insert = (id: number): string => `INSERT INTO [dbo].[Blogs] ([BlogId], [Name]) VALUES (${id}, N'x')`;

const unknown = { code: 'TRANSACTION_CONTROL', outcome: 'unknown' } as const;
const notRun = (code: string) => ({ code, outcome: 'not-run' }) as const;

/** What both the scripted server and a real one are shown. */
export const transactionAttacks: readonly TransactionAttack[] = [
  {
    title: 'COMMIT, more, the mark of success and RETURN',
    lines: [insert(1), 'COMMIT', insert(2), "PRINT N'tenantry: committed'", 'RETURN'],
    told: unknown,
    rows: [1],
    inSession: [1, 9],
  },
  { title: 'COMMIT alone', lines: [insert(1), 'COMMIT'], told: unknown, rows: [1], inSession: [1, 9] },
  {
    title: 'COMMIT and another transaction that it commits itself',
    lines: [insert(1), 'COMMIT', insert(2), 'COMMIT'],
    told: unknown,
    rows: [1, 2],
    inSession: [1, 2, 9],
  },
  {
    title: 'COMMIT and another transaction in its place',
    lines: [insert(1), 'COMMIT', 'BEGIN TRANSACTION', insert(2)],
    told: unknown,
    rows: [1],
    inSession: [1, 9],
  },
  {
    title: 'COMMIT and another transaction that it rolls back',
    lines: [insert(1), 'COMMIT', 'SET IMPLICIT_TRANSACTIONS OFF', 'BEGIN TRANSACTION', insert(2), 'ROLLBACK'],
    told: unknown,
    rows: [1],
    inSession: [1, 9],
  },
  {
    title: 'COMMIT, and more without transactions',
    lines: [insert(1), 'COMMIT', 'SET IMPLICIT_TRANSACTIONS OFF', insert(2)],
    told: unknown,
    rows: [1, 2],
    inSession: [1, 2, 9],
  },
  { title: 'COMMIT and an error', lines: [insert(1), 'COMMIT', "THROW 50001, N'x', 1"], told: unknown, rows: [1], inSession: [1, 9] },
  {
    title: "COMMIT and an error that says it was the guard's",
    lines: [insert(1), 'COMMIT', "THROW 51011, N'x', 1"],
    told: unknown,
    rows: [1],
    inSession: [1, 9],
  },
  { title: 'ROLLBACK alone', lines: [insert(1), 'ROLLBACK'], told: unknown, rows: [] },
  { title: 'ROLLBACK and more', lines: [insert(1), 'ROLLBACK', insert(2)], told: unknown, rows: [] },
  { title: 'ROLLBACK and another transaction in its place', lines: ['ROLLBACK', 'BEGIN TRANSACTION', insert(2)], told: unknown, rows: [] },
  {
    title: 'ROLLBACK, more without transactions, and an error',
    lines: ['ROLLBACK', 'SET IMPLICIT_TRANSACTIONS OFF', insert(2), "THROW 50001, N'x', 1"],
    told: unknown,
    rows: [2],
  },
  { title: 'a transaction within its own', lines: ['BEGIN TRANSACTION', insert(1)], told: notRun('TRANSACTION_CONTROL'), rows: [] },
  {
    title: 'a transaction within its own that is committed',
    lines: ['BEGIN TRANSACTION', insert(1), 'COMMIT'],
    told: 'done',
    rows: [1],
    inSession: [1, 9],
  },
  { title: 'RETURN', lines: [insert(1), 'RETURN', insert(2)], told: 'done', rows: [1], inSession: [1, 9] },
  {
    title: 'an error of a statement that goes on without XACT_ABORT',
    lines: ['SET XACT_ABORT OFF', insert(1), "PRINT N'1'", insert(1), "PRINT N'2'", insert(2)],
    told: notRun('CONFLICT'),
    rows: [],
  },
  {
    title: 'an error that it caught under XACT_ABORT',
    lines: [insert(1), 'BEGIN TRY', insert(1), 'END TRY', 'BEGIN CATCH', "PRINT N'caught'", 'END CATCH'],
    told: notRun('STATEMENT_FAILED'),
    rows: [],
  },
  { title: 'its own success', lines: [insert(1), 'SET @tenantry_done = 1'], told: notRun('STATEMENT_FAILED'), rows: [] },
  { title: "the entry's token", lines: [insert(1), 'SELECT @tenantry_token AS [token]'], told: notRun('STATEMENT_FAILED'), rows: [] },
  {
    title: 'the transaction that the guard remembers',
    lines: [insert(1), 'COMMIT', 'BEGIN TRANSACTION', 'SET @tenantry_transaction = CURRENT_TRANSACTION_ID()'],
    told: notRun('STATEMENT_FAILED'),
    rows: [],
  },
];
