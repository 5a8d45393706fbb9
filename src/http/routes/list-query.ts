import type { SqlValue } from '../../core/sql.ts';
import type { Caller } from '../auth/caller.ts';
import { InvalidRequest, type RequestProblem } from '../request-problem.ts';
import { parseCursor, type CursorKeys } from '../tables/cursor.ts';
import type { Table } from '../tables/table.ts';

/** Rows of a page where nothing else is asked for. */
export const defaultLimit = 50;
/** The most rows that a page has. */
export const maximumLimit = 1_000;
const parameters: readonly string[] = ['limit', 'cursor'];

/** Which rows of a list are wanted. */
interface ListQuery {
  readonly limit: number;
  /** Key values after which the page begins; undefined for the first page. */
  readonly after: readonly SqlValue[] | undefined;
}

/** Reads `?limit=50&cursor=...` of a URL. Throws INVALID_REQUEST with every parameter that is unknown, wrong or there twice. */
export function parseListQuery(table: Table, caller: Caller, cursorKeys: CursorKeys, url: string): ListQuery {
  const start = url.indexOf('?');
  if (start === -1) return { limit: defaultLimit, after: undefined };
  const query = new URLSearchParams(url.slice(start));
  const problems: RequestProblem[] = [];
  const refuse = (name: string, detail: string): void => void problems.push({ in: 'query', pointer: `/${name}`, detail });
  for (const name of new Set(query.keys())) {
    if (!parameters.includes(name)) refuse(name, `is no parameter; allowed are ${parameters.join(' and ')}`);
    else if (query.getAll(name).length > 1) refuse(name, 'is there twice');
  }
  const limitText = query.get('limit') ?? String(defaultLimit);
  const limit = /^[1-9]\d{0,3}$/.test(limitText) ? Number(limitText) : 0;
  if (limit === 0 || limit > maximumLimit) refuse('limit', `must be a whole number from 1 to ${maximumLimit}`);
  if (problems.length > 0) throw new InvalidRequest(problems);
  const cursor = query.get('cursor');
  return { limit, after: cursor === null ? undefined : parseCursor(cursorKeys, table, caller, cursor) };
}
