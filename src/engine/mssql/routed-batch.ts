import type { Isolation } from '../engine.ts';

/** What the server says by PRINT once `enter` has admitted the transaction: an error that comes later is the caller's own. */
export const enteredMark = 'tenantry: entered';
/** What it says once a routed statement's transaction is committed: a caller's RETURN would leave the rest of the batch out. */
export const committedMark = 'tenantry: committed';

/** `enter` answered something else than 0, or not at all: errors such as 2812, 229 and 1222 end only their own statement. */
export const notEntered = 51_010;
/** A message found another transaction than the one it belongs to. */
export const wrongTransaction = 51_011;

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

const guard = `IF @@TRANCOUNT <> 1 THROW ${wrongTransaction}, N'Another transaction than its own was found.', 1;
`;

const enter = `EXEC @tenantry_ok = [tenantry].[enter] @tenantry_mapping, @tenantry_key, @tenantry_epoch, @tenantry_token;
IF @tenantry_ok IS NULL OR @tenantry_ok <> 0 THROW ${notEntered}, N'The entry was not answered.', 1;
`;

// The caller's statement stands in the same scope: the capability must not be there for it to read.
const routedHead = `${settings}SET XACT_ABORT ON;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
DECLARE @tenantry_ok int, @tenantry_transaction bigint;
BEGIN TRANSACTION;
SET @tenantry_transaction = CURRENT_TRANSACTION_ID();
${enter}PRINT N'${enteredMark}';
SET @tenantry_token = NULL;
SET NOCOUNT OFF;
`;

// A statement may end in a comment, so what follows it begins on a line of its own; MERGE wants its semicolon.
const routedTail = `
;SET NOCOUNT ON;
IF @@TRANCOUNT <> 1 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW ${wrongTransaction}, N'Another transaction than its own was found.', 1;
COMMIT TRANSACTION;
PRINT N'${committedMark}';
`;

const sessionTail = `
;SET NOCOUNT ON;
${guard}`;

/** How many texts of statements are remembered; a program has about as many templates. */
const rememberedTexts = 2_000;

/** The text of the one message that enters, runs a statement and commits: the same string object for the same statement. */
export const routedBatch = remembered((statement) => `${routedHead}${statement}${routedTail}`);

/**
 * The text of a message that begins a transaction and enters. The server answers with error 266, because sp_executesql ends
 * with another number of transactions than it began with; by then XACT_ABORT must be off, or that error would roll back.
 */
export function beginBatch(isolation: Isolation): string {
  return beginTexts[isolation];
}

const beginTexts = eachIsolation(
  (level) => `${settings}SET XACT_ABORT ON;
SET TRANSACTION ISOLATION LEVEL ${level};
DECLARE @tenantry_ok int;
BEGIN TRANSACTION;
${enter}PRINT N'${enteredMark}';
SET XACT_ABORT OFF;
`,
);

/** The text of a message that runs a statement in the open transaction; an error in it rolls all back. */
export function sessionBatch(isolation: Isolation, statement: string): string {
  return sessionTexts[isolation](statement);
}

/** The same for a stream, which may be left before its end: under XACT_ABORT an attention would roll all back. */
export function streamBatch(isolation: Isolation, statement: string): string {
  return streamTexts[isolation](statement);
}

const sessionTexts = eachIsolation((level) => inSession(level, 'ON'));
const streamTexts = eachIsolation((level) => inSession(level, 'OFF'));

function inSession(level: string, abort: 'ON' | 'OFF'): (statement: string) => string {
  const head = `${guard}${settings}SET XACT_ABORT ${abort};\nSET TRANSACTION ISOLATION LEVEL ${level};\nSET NOCOUNT OFF;\n`;
  return remembered((statement) => `${head}${statement}${sessionTail}`);
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

function eachIsolation<T>(make: (level: string) => T): Readonly<Record<Isolation, T>> {
  return {
    'read committed': make('READ COMMITTED'),
    'repeatable read': make('REPEATABLE READ'),
    serializable: make('SERIALIZABLE'),
  };
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
