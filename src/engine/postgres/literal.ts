import pg from 'pg';
import { sqlText, type Sql } from '../../core/sql.ts';

/** A text of the program's own or of the configuration, where a statement takes no parameters. */
export function literal(text: string): Sql {
  return sqlText(pg.escapeLiteral(text));
}
