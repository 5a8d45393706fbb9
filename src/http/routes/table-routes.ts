import { TenantryError } from '../../core/errors.ts';
import type { KeyType } from '../../core/key-type.ts';
import type { Row } from '../../core/session.ts';
import type { Sql } from '../../core/sql.ts';
import type { Router } from '../../router/router.ts';
import type { Exchange } from '../endpoint.ts';
import type { PlainAnswer } from '../problem.ts';
import { readJsonBody } from '../read-body.ts';
import { MethodNotAllowed } from '../request-problem.ts';
import { formatCursor, type CursorKeys } from '../tables/cursor.ts';
import { keyTexts, rowRenderer, type RowRenderer } from '../tables/row-json.ts';
import { hasValues, parseNewRow, parseRowChange } from '../tables/row-body.ts';
import { formatRowKey, parseRowKey } from '../tables/row-key.ts';
import { tableStatements, type TableStatements } from '../tables/table-statements.ts';
import type { Table } from '../tables/table.ts';
import { jsonAnswer } from './json-answer.ts';
import { parseListQuery } from './list-query.ts';
import { ruleOfDatabase } from './rule-of-database.ts';

/** What the routes of tables need. */
export interface TableRoutesOptions {
  readonly router: Pick<Router, 'query'>;
  readonly tables: ReadonlyMap<string, Table>;
  readonly keyType: KeyType;
  readonly cursorKeys: CursorKeys;
  readonly bodyBytes: number;
}

interface ServedTable {
  readonly table: Table;
  readonly statements: TableStatements;
  readonly render: RowRenderer;
}

/** A change that was carried out, of a row that is gone: deleted, or taken out of sight by a trigger. */
const nothingToShow: PlainAnswer = { status: 204, headers: {}, text: '' };
/** The database says that it changed no row, although there is one: a trigger before the change passed it over. */
const keptFrom = 'The database passed the change over.';

type Handler = (exchange: Exchange) => Promise<PlainAnswer>;

/** The routes of one table and of one row of it. */
export interface TableRoutes {
  readonly list: Handler;
  readonly find: Handler;
  readonly insert: Handler;
  readonly update: Handler;
  readonly remove: Handler;
  /** For every other method. */
  readonly refuse: Handler;
}

/** Reading and changing rows of the configured tables, as the caller's tenant. */
export function tableRoutes({ router, tables, keyType, cursorKeys, bodyBytes }: TableRoutesOptions): TableRoutes {
  const served = new Map<string, ServedTable>();
  for (const table of tables.values())
    served.set(table.name, { table, statements: tableStatements(table, keyType), render: rowRenderer(table.columns.values()) });

  const tableOf = ({ context }: Exchange): ServedTable => {
    const table = served.get(context.req.param('table') ?? '');
    if (table === undefined) throw new TenantryError('NOT_FOUND');
    return table;
  };
  const writableTableOf = (exchange: Exchange): ServedTable => {
    const found = tableOf(exchange);
    if (found.table.tenantColumn === undefined) throw new MethodNotAllowed(['GET', 'HEAD']);
    return found;
  };
  const read = ({ context, caller }: Exchange, statement: Sql): Promise<{ rows: Row[] }> =>
    router.query(caller.tenantId, statement, { readOnly: true, context: caller.context, signal: context.req.raw.signal });
  const write = async ({ context, caller }: Exchange, statement: Sql): Promise<{ rows: Row[]; rowCount: number }> => {
    try {
      return await router.query(caller.tenantId, statement, { context: caller.context, signal: context.req.raw.signal });
    } catch (error) {
      throw ruleOfDatabase(error);
    }
  };

  return {
    list: async (exchange) => {
      const { table, statements, render } = tableOf(exchange);
      const { limit, after } = parseListQuery(table, exchange.caller, cursorKeys, exchange.context.req.raw.url);
      const { rows } = await read(exchange, statements.list(limit + 1, after));
      const data = rows.slice(0, limit).map(render);
      const last = rows.length > limit ? data.at(-1) : undefined;
      return jsonAnswer({
        data,
        next: last === undefined ? null : formatCursor(cursorKeys, table, exchange.caller, keyTexts(table.key, last)),
      });
    },
    find: async (exchange) => {
      const { table, statements, render } = tableOf(exchange);
      const { rows } = await read(exchange, statements.find(parseRowKey(table, keySegment(exchange))));
      return jsonAnswer(render(existing(rows)));
    },
    insert: async (exchange) => {
      const { table, statements, render } = writableTableOf(exchange);
      const body = await readJsonBody(exchange.context.env.incoming, bodyBytes, ['application/json']);
      const { rows, rowCount } = await write(exchange, statements.insert(parseNewRow(table, body)));
      if (rowCount === 0) throw new TenantryError('CONFLICT', keptFrom);
      const [stored] = rows;
      if (stored === undefined) return nothingToShow;
      const row = render(stored);
      const location =
        table.key.length === 0 ? undefined : { location: `/v1/${encodeURIComponent(table.name)}/${formatRowKey(table, row)}` };
      return jsonAnswer(row, 201, location);
    },
    update: async (exchange) => {
      const { table, statements, render } = writableTableOf(exchange);
      const key = parseRowKey(table, keySegment(exchange));
      const body = await readJsonBody(exchange.context.env.incoming, bodyBytes, ['application/json', 'application/merge-patch+json']);
      const values = parseRowChange(table, body);
      const { rows, rowCount } = await write(exchange, statements.update(key, values));
      if (rowCount === 0) {
        const row = render(existing((await read(exchange, statements.find(key))).rows));
        if (!hasValues(row, values)) throw new TenantryError('CONFLICT', keptFrom);
        return jsonAnswer(row);
      }
      const [row] = rows;
      return row === undefined ? nothingToShow : jsonAnswer(render(row));
    },
    remove: async (exchange) => {
      const { table, statements } = writableTableOf(exchange);
      const key = parseRowKey(table, keySegment(exchange));
      const { rowCount } = await write(exchange, statements.remove(key));
      if (rowCount > 0) return nothingToShow;
      existing((await read(exchange, statements.find(key))).rows);
      throw new TenantryError('CONFLICT', keptFrom);
    },
    refuse: async (exchange) => {
      const { table } = tableOf(exchange);
      const ofRow = exchange.context.req.param('key') !== undefined;
      const writes = table.tenantColumn === undefined ? [] : ofRow ? ['PATCH', 'DELETE'] : ['POST'];
      throw new MethodNotAllowed(['GET', 'HEAD', ...writes]);
    },
  };
}

/** The key as it was sent: a comma within a value is still `%2C`. */
function keySegment({ context }: Exchange): string {
  const { url } = context.req.raw;
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return path.slice(path.lastIndexOf('/') + 1);
}

function existing(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new TenantryError('NOT_FOUND');
  return row;
}
