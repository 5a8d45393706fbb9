/** The tag of a CommandComplete message, such as `INSERT 0 1`, without its count. */
export interface CommandTag {
  /** `SELECT`, `CREATE TABLE`. */
  readonly command: string;
  readonly rowCount: number;
}

/** Tags come again and again; a few counts make most of them. */
const known = new Map<string, CommandTag>();
const knownLimit = 1_000;

/** Reads the body of a CommandComplete message. */
export function readTag(buffer: Buffer, start: number, end: number): CommandTag {
  const text = buffer.toString('latin1', start, end - 1);
  let tag = known.get(text);
  if (tag === undefined) {
    tag = parseTag(text);
    if (known.size < knownLimit) known.set(text, tag);
  }
  return tag;
}

function parseTag(text: string): CommandTag {
  const command = text.replace(/( \d+)+$/, '');
  return { command, rowCount: command === text ? 0 : Number(text.slice(text.lastIndexOf(' ') + 1)) };
}

/** Statements that leave nothing behind in the session, in the words of their tags. */
const clean: ReadonlySet<string> = new Set([
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'FETCH',
  'MOVE',
  'COPY',
  'EXPLAIN',
  'SHOW',
  'SET CONSTRAINTS',
  '',
]);
/** What only a transaction's owner may say. */
const control: ReadonlySet<string> = new Set([
  'BEGIN',
  'START TRANSACTION',
  'COMMIT',
  'ROLLBACK',
  'PREPARE TRANSACTION',
  'COMMIT PREPARED',
  'ROLLBACK PREPARED',
]);
/** Within one transaction, harmless; a connection on which they ran is as clean as before once it has ended. */
const savepoints: ReadonlySet<string> = new Set(['SAVEPOINT', 'RELEASE']);
const rollbackToSavepoint = /^\s*rollback\s+((work|transaction)\s+)?to\s/i;

/**
 * What a statement may have done to its session: nothing, something that a reset undoes, something that nothing undoes, or ended its
 * transaction.
 */
export type Residue = 'none' | 'resettable' | 'permanent' | 'transaction-control';

/** Judges by the tag that the server gave; `text` tells a ROLLBACK TO SAVEPOINT from other ROLLBACKs, which have the same tag. */
export function residueOf(command: string, text: string): Residue {
  if (clean.has(command) || savepoints.has(command)) return 'none';
  if (command === 'ROLLBACK' && rollbackToSavepoint.test(text)) return 'none';
  if (control.has(command)) return 'transaction-control';
  // A loaded library stays in the server process for good.
  return command === 'LOAD' ? 'permanent' : 'resettable';
}

/** Statements that can leave nothing when they fail, by their first word; what begins with a comment is not looked into. */
const cleanWhenFailed = /^\s*(select|insert|update|delete|merge|with|values|table)\b/i;

/** A failed statement has no tag, and not all it did was rolled back: a statement that a DO block prepared stays prepared. */
export function residueOfFailure(text: string): Residue {
  return cleanWhenFailed.test(text) ? 'none' : 'resettable';
}
