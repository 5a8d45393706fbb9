import { sqlByDialect, sqlText, type Sql } from '../../../src/core/sql.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';

/* What statements of suites for every engine say in other words on each. */

/** One text for each engine, without values; whose statement it stands in decides. */
export function perEngine(postgres: Sql, mssql: Sql): Sql {
  return sqlByDialect((dialect) => (dialect === mssqlDialect ? mssql : postgres));
}

/** This moment, by the clock of leases. */
export const now = perEngine(sqlText('clock_timestamp()'), sqlText('SYSUTCDATETIME()'));

/** A moment in so many hours; whole ones. */
export function hoursFromNow(hours: number): Sql {
  return perEngine(sqlText(`clock_timestamp() + interval '${hours} hours'`), sqlText(`DATEADD(hour, ${hours}, SYSUTCDATETIME())`));
}

/** Bytes as a literal, where a parameter would have no type. */
export function bytes(hex: string): Sql {
  return perEngine(sqlText(`'\\x${hex}'::bytea`), sqlText(`0x${hex}`));
}

/** A relation of one column `n`, from one number to another. */
export function numbers(from: number, to: number): Sql {
  return perEngine(
    sqlText(`generate_series(${from}, ${to}) as numbers (n)`),
    sqlText(`(SELECT TOP (${to - from + 1}) ${from - 1} + CAST(ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS int) AS n
      FROM sys.all_columns AS one CROSS JOIN sys.all_columns AS two) AS numbers`),
  );
}

/** Four bytes of the number `n`, highest first. */
export const fourBytesOfN = perEngine(sqlText(`decode(lpad(to_hex(n), 8, '0'), 'hex')`), sqlText('CAST(n AS binary(4))'));

/** A statement that runs for a minute. */
export const longStatement = perEngine(sqlText('select pg_sleep(60)'), sqlText(`WAITFOR DELAY '00:01:00'`));

/**
 * What a login's next sessions meet others in, they are not given up for: on PostgreSQL who looks for a deadlock is. As an administrator.
 */
export function findsNoDeadlocks(user: string): Sql {
  return perEngine(sqlText(`alter role "${user}" set deadlock_timeout = '1h'`), sqlText('SET NOCOUNT ON'));
}

/**
 * Lets a transaction of the program's own work stand between its statements for as long as a test takes: otherwise it is ended after ten
 * seconds.
 */
export const mayStand = perEngine(sqlText('set local idle_in_transaction_session_timeout = 0'), sqlText('SET NOCOUNT ON'));

/** One row for each statement of this database that waits for somebody's lock. */
export const waitingStatements = perEngine(
  sqlText(`select 1 as waits from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`),
  sqlText(`SELECT DISTINCT l.request_session_id AS waits FROM sys.dm_tran_locks AS l
    WHERE l.request_status = N'WAIT' AND l.resource_database_id = DB_ID()`),
);

/** Ends what sessions of a login run; the name is of the suite's own making. */
export function endSessions(user: string): Sql {
  return perEngine(
    sqlText(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${user}' and state = 'active'`),
    sqlText(`DECLARE @sessions nvarchar(max) = (SELECT STRING_AGG(CONCAT(N'KILL ', s.session_id, N';'), N' ')
      FROM sys.dm_exec_sessions AS s WHERE s.original_login_name = N'${user}');
    IF @sessions IS NOT NULL EXEC (@sessions);`),
  );
}
