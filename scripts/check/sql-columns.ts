/** Words, names and signs of a statement; comments and what a text says are left out. */
const token = /--[^\n]*|\/\*[\s\S]*?\*\/|N?'(?:[^']|'')*'|"(?:[^"]|"")*"|\[(?:[^\]]|\]\])*\]|[@#]*[A-Za-z_]\w*|\d[\w.]*|\S/g;

/** What ends the list of a SELECT or RETURNING at its own depth. */
const afterList = new Set(['from', 'where', 'into', 'union', 'order', 'group', 'limit', 'for', 'offset', 'cross', ';']);
const changes = new Set(['insert', 'update', 'delete']);

/**
 * Names of the columns of a file's last result, in order, by its text alone (PostgreSQL or T-SQL): the last part of an item, which
 * is its alias where it has one. Empty where the file gives no rows, or rows that nobody reads (a call without an alias).
 */
export function resultColumns(text: string): string[] {
  const statements = split(tokensOf(text), ';').map(withoutCommonTables);
  const lists = statements.map(resultList).filter((list) => list !== undefined);
  return (lists.at(-1) ?? []).map((item) => nameOf(item.at(-1) ?? '')).filter((name) => name !== ')');
}

function tokensOf(text: string): string[] {
  return [...text.matchAll(token)].map(([found]) => found).filter((found) => !found.startsWith('--') && !found.startsWith('/*'));
}

/** Parts between separators that stand outside parentheses. */
function split(tokens: readonly string[], separator: string): string[][] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const part of tokens) {
    depth += part === '(' ? 1 : part === ')' ? -1 : 0;
    if (depth === 0 && part === separator) parts.push([]);
    else parts.at(-1)?.push(part);
  }
  return parts.filter((part) => part.length > 0);
}

/** A statement's tokens outside parentheses, with what the parentheses held as one empty pair, from its own first word on. */
function withoutCommonTables(statement: readonly string[]): string[] {
  const flat: string[] = [];
  let depth = 0;
  for (const part of statement) {
    if (part === ')') depth -= 1;
    if (depth === 0) flat.push(part);
    if (part === '(') depth += 1;
  }
  if (flat[0]?.toLowerCase() !== 'with') return flat;
  return flat.slice(flat.findIndex((part) => part.toLowerCase() === 'select' || changes.has(part.toLowerCase())));
}

function resultList(statement: readonly string[]): string[][] | undefined {
  const words = statement.map((part) => part.toLowerCase());
  const [first = ''] = words;
  const start = first === 'select' ? 0 : changes.has(first) ? words.findIndex((word) => word === 'returning' || word === 'output') : -1;
  if (start === -1) return undefined;
  const end = words.findIndex((word, index) => index > start && afterList.has(word));
  const stopped = end === -1 ? words.length : end;
  // OUTPUT … INTO keeps its rows for the statements after it.
  if (words[start] === 'output' && words[stopped] === 'into') return undefined;
  const list = statement.slice(start + 1, stopped);
  const items = split(withoutTop(list), ',');
  // SELECT @variable = … gives no rows.
  return items[0]?.[0]?.startsWith('@') === true && items[0][1] === '=' ? undefined : items;
}

function withoutTop(list: readonly string[]): readonly string[] {
  if (list[0]?.toLowerCase() === 'distinct') return list.slice(1);
  return list[0]?.toLowerCase() === 'top' ? list.slice(list.indexOf(')') + 1) : list;
}

function nameOf(part: string): string {
  return /^["[]/.test(part) ? part.slice(1, -1) : part;
}
