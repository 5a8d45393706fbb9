import { TenantryError } from '../../core/errors.ts';
import { endOfBlockComment } from '../block-comment.ts';

/**
 * First words of statements that read and change rows, or that concern only their own session and transaction. LOCK concerns a table of all
 * tenants.
 */
const allowed: ReadonlySet<string> = new Set(
  `select insert update delete merge with values table explain show copy call do notify listen unlisten
   set reset discard load prepare execute deallocate declare fetch move close
   begin start commit end abort rollback savepoint release`.split(/\s+/),
);
const transactionWords: ReadonlySet<string> = new Set('begin start commit end abort rollback savepoint release prepare'.split(' '));
const refusal = `A tenant's statement reads or changes rows; it does not define, alter, drop or lock anything. It may begin with ${[...allowed].join(', ')}.`;
/** What may stand before the first word: PostgreSQL's white space, empty statements, parentheses, and the start of a comment. */
const before = /[ \t\n\r\f\v;(]*/y;
const lineComment = /--[^\n\r]*/y;
const word = /[a-z_]+/iy;

/**
 * Throws FORBIDDEN for a tenant's statement that defines, alters, drops or locks something. The server's rights do not suffice:
 * every role may change its own password and settings, for all tenants and for good, and who may UPDATE a table may lock it
 * against them. Throws TRANSACTION_CONTROL for PREPARE
 * TRANSACTION: what it leaves holds the mapping's lock and outlives the connection and the server.
 */
export function requireTenantStatement(text: string): void {
  const start = startOf(text);
  const first = wordAt(text, start);
  if (first === undefined ? start < text.length : !allowed.has(first)) throw new TenantryError('FORBIDDEN', refusal);
  if (first === 'prepare' && wordAt(text, startOf(text, start + first.length)) === 'transaction')
    throw new TenantryError('TRANSACTION_CONTROL', 'A transaction that is prepared would have no owner.');
}

/** Whether a statement begins, ends or divides the transaction that it runs in. */
export function controlsTransaction(text: string): boolean {
  const first = wordAt(text, startOf(text));
  return first !== undefined && transactionWords.has(first);
}

/** Whether a statement runs a procedure or a block, which may hold transaction control. */
export function callsCode(text: string): boolean {
  const first = wordAt(text, startOf(text));
  return first === 'call' || first === 'do';
}

function wordAt(text: string, start: number): string | undefined {
  word.lastIndex = start;
  return word.exec(text)?.[0].toLowerCase();
}

/** Where the next word begins, behind comments, which nest. */
function startOf(text: string, from = 0): number {
  let at = from;
  for (;;) {
    at = skip(before, text, at);
    const next = text.startsWith('/*', at) ? endOfBlockComment(text, at) : skip(lineComment, text, at);
    if (next === at) return at;
    at = next;
  }
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}
