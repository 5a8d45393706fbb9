import type { Isolation } from '../engine.ts';
import type { TypedParameter } from './parameter-types.ts';

/** What the server says by PRINT once `enter` has admitted the transaction: an error that comes later is the caller's own. */
export const enteredMark = 'tenantry: entered';
/** `enter` answered something else than 0, or not at all: errors such as 2812, 229 and 1222 end only their own statement. */
export const notEntered = 51_010;
/** A message found another transaction than the one it belongs to; what the right one did is rolled back. */
export const wrongTransaction = 51_011;
/** A statement ended the transaction that it ran in: what came before and after may be committed. */
export const endedTransaction = 51_017;

/**
 * What a reset of the connection takes back to the database's defaults, whatever they are: TDS 7.4, RESETCONNECTION, for
 * logins without fODBC, as the driver's are. QUOTED_IDENTIFIER counts from here on, because it is decided while the batch
 * is parsed. They end with the batch, and so stand in every one.
 */
const settings = `SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER, NOCOUNT ON;
SET NUMERIC_ROUNDABORT, IMPLICIT_TRANSACTIONS, CURSOR_CLOSE_ON_COMMIT OFF;
SET DATEFORMAT mdy;
SET TEXTSIZE 2147483647;
`;

/** Whether an entry brings values of the context, as one more parameter. */
export type EntryForm = 'bare' | 'withValues';

/** How many texts are remembered; a program has about as many statements, and fewer lists of types. */
const rememberedTexts = 2_000;

const guard = `IF @@TRANCOUNT <> 1 THROW ${wrongTransaction}, N'Another transaction than its own was found.', 1;
`;

const enter = (
  values: string,
): string => `EXEC @tenantry_ok = [tenantry].[enter] @tenantry_mapping, @tenantry_key, @tenantry_epoch, @tenantry_token${values};
IF @tenantry_ok IS NULL OR @tenantry_ok <> 0 THROW ${notEntered}, N'The entry was not answered.', 1;
`;

const remember = `SET @tenantry_transaction = CURRENT_TRANSACTION_ID();
`;

const routedHead = eachEntry(
  (values) => `${settings}SET XACT_ABORT ON;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
DECLARE @tenantry_ok int, @tenantry_transaction bigint;
BEGIN TRANSACTION;
${remember}${enter(values)}PRINT N'${enteredMark}';
`,
);

// Only the scope of the message can set it, and only behind everything else.
const done = 'SET @tenantry_done = 1;\n';

const routedTail = `COMMIT TRANSACTION;
${done}`;

/**
 * Runs the caller's statement in a scope of its own (docs/decisions/008-statements-on-sql-server.md). RETURN, GOTO, its SETs
 * and its variables end there, and the parameters of the entry cannot be named there. Should it end the transaction, what
 * follows in it begins another that nobody commits. An error of any kind ends it, and is told only after the transaction has
 * been rolled back: where that is no longer the one it began in, nobody knows what has been committed.
 */
const fenced = remembered(
  (declarations) => `BEGIN TRY
SET IMPLICIT_TRANSACTIONS ON;
SET NOCOUNT OFF;
EXEC [sys].[sp_executesql] @tenantry_statement${declarations === '' ? '' : `, N'${declarations}', ${namesIn(declarations)}`};
SET NOCOUNT ON;
IF @@TRANCOUNT <> 1 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW ${wrongTransaction}, N'Another transaction than its own was found.', 1;
END TRY
BEGIN CATCH
SET NOCOUNT ON;
IF @@TRANCOUNT = 0 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW ${endedTransaction}, N'The statement ended its transaction.', 1;
ROLLBACK TRANSACTION;
THROW;
END CATCH;
`,
);

/**
 * The text of the one message that enters, with values of the context or without, runs the statement given beside it with these
 * parameters, and commits.
 */
export function routedBatch(entry: EntryForm, parameters: readonly TypedParameter[]): string {
  return routedTexts[entry](declarationsOf(parameters));
}

const routedTexts = {
  bare: remembered((declarations) => `${routedHead.bare}${fenced(declarations)}${routedTail}`),
  withValues: remembered((declarations) => `${routedHead.withValues}${fenced(declarations)}${routedTail}`),
};

/**
 * The text of a message that begins a transaction and enters. The server answers with error 266, because sp_executesql ends
 * with another number of transactions than it began with; by then XACT_ABORT must be off, or that error would roll back.
 */
export function beginBatch(entry: EntryForm, isolation: Isolation): string {
  return beginTexts[isolation][entry];
}

const beginTexts = eachIsolation((level) =>
  eachEntry(
    (values) => `${settings}SET XACT_ABORT ON;
SET TRANSACTION ISOLATION LEVEL ${level};
DECLARE @tenantry_ok int;
BEGIN TRANSACTION;
${enter(values)}PRINT N'${enteredMark}';
SET XACT_ABORT OFF;
`,
  ),
);

/** The text of a message that runs the statement given beside it in the open transaction; an error in it rolls all back. */
export function sessionBatch(isolation: Isolation, parameters: readonly TypedParameter[]): string {
  return sessionTexts[isolation](declarationsOf(parameters));
}

/** The same for a stream, which may be left before its end: under XACT_ABORT an attention would roll all back. */
export function streamBatch(isolation: Isolation, parameters: readonly TypedParameter[]): string {
  return streamTexts[isolation](declarationsOf(parameters));
}

const sessionTexts = eachIsolation((level) => inSession(level, 'ON'));
const streamTexts = eachIsolation((level) => inSession(level, 'OFF'));

function inSession(level: string, abort: 'ON' | 'OFF'): (declarations: string) => string {
  const head = `${guard}${settings}SET XACT_ABORT ${abort};\nSET TRANSACTION ISOLATION LEVEL ${level};\nDECLARE @tenantry_transaction bigint;\n`;
  return remembered((declarations) => `${head}${remember}${fenced(declarations)}${done}`);
}

const ownSettings = `${settings}SET XACT_ABORT ON;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
`;

/** The text of a call of the program's own, in a transaction or not. */
export const ownBatch = remembered((statement) => `${ownSettings}SET NOCOUNT OFF;\n${statement}`);

/** What a batch of the program's own that must stand alone (CREATE FUNCTION and its like) needs before it; lasts until the next reset. */
export const ownSession = `${ownSettings}SET NOCOUNT OFF;`;

/** Begins a transaction of the program's own. */
export const ownBegin = `${ownSettings}SET NOCOUNT OFF;
BEGIN TRANSACTION;`;

/** Texts of the messages that end a transaction; they take no parameters and go as a plain batch, which has no error 266. */
export const endBatches = {
  commit: `${guard}COMMIT TRANSACTION;`,
  rollback: `${guard}ROLLBACK TRANSACTION;`,
} as const;

/** Resets the connection where the next message is longer than a packet: it does nothing itself. */
export const resetBatch = 'SET NOCOUNT ON;';

function eachEntry(make: (values: string) => string): Readonly<Record<EntryForm, string>> {
  return { bare: make(''), withValues: make(', @tenantry_values') };
}

function eachIsolation<T>(make: (level: string) => T): Readonly<Record<Isolation, T>> {
  return {
    'read committed': make('READ COMMITTED'),
    'repeatable read': make('REPEATABLE READ'),
    serializable: make('SERIALIZABLE'),
  };
}

/** How sp_executesql is told the parameters of a statement: names and types of the engine's own making. */
function declarationsOf(parameters: readonly TypedParameter[]): string {
  return parameters.map(({ name, type }) => `@${name} ${type.text}`).join(', ');
}

function namesIn(declarations: string): string {
  return (declarations.match(/@\w+/g) ?? []).join(', ');
}

/** Remembers what was made of a text. Statements with lists or optional parts are many: then all is forgotten and made anew. */
function remembered(make: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    let made = known.get(text);
    if (made === undefined) {
      if (known.size >= rememberedTexts) known.clear();
      known.set(text, (made = make(text)));
    }
    return made;
  };
}
