import type { Row, SqlDatabase, SqlResult } from '../../../../src/core/session.ts';
import { compileSql, type CompiledSql } from '../../../../src/core/compile-sql.ts';
import { sqlText, type Sql } from '../../../../src/core/sql.ts';
import type { EngineConnection } from '../../../../src/engine/engine.ts';
import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';
import type { Attack, Defence } from './attempts.ts';
import { enterText } from './entries.ts';
import type { World } from './world.ts';

/** Every column of it is 1. */
const anyRow = new Proxy({}, { get: () => 1 }) as Row;

/** The statements of an attack or a defence, as far as it goes where every statement succeeds with one row. */
export async function statementsOf(deed: Attack | Defence): Promise<CompiledSql[]> {
  const statements: CompiledSql[] = [];
  const record = <R extends Row>(statement: Sql): Promise<SqlResult<R>> => {
    const compiled = compileSql(statement, mssqlDialect);
    if (compiled.text !== '') statements.push(compiled);
    return Promise.resolve({ rows: [anyRow as R], rowCount: 1 });
  };
  const closed = (): Promise<void> => Promise.resolve();
  const database: SqlDatabase = {
    query: record,
    run: () => record(sqlText('')),
    script: closed,
    transaction: (work) => work(database),
    close: closed,
  };
  const world: World = {
    users: { app: 'shop_app', superuser: 'shop_reports', admin: 'shop_admin' },
    root: database,
    admin: database,
    careless: false,
    app: () => database,
    asTenant: (_, work) => work(database),
    traffic: () => Promise.resolve({ query: async (_, text) => (await record(sqlText(text))).rows, close: closed }),
    // Only its end is of interest to anybody.
    connect: () => Promise.resolve({ close: closed } as EngineConnection),
    load: async (tenant) => void (await record(sqlText(enterText(tenant)))),
    close: closed,
  };
  // An attack may find that it has not failed as it should.
  await deed(world).catch(() => undefined);
  return statements;
}
