import { sql, sqlByDialect, type Sql } from '../../core/sql.ts';
import type { ColumnCodec } from './codec.ts';

/** A column that answers hold. */
export interface ShownColumn {
  readonly name: string;
  readonly codec: ColumnCodec;
}

/** How a column stands in a select list, so that its codec reads it; `stored` names it there. */
export function selectItem({ name, codec: { readAs } }: ShownColumn, stored: Sql): Sql {
  if (readAs === undefined) return stored;
  return sqlByDialect((dialect) => {
    const text = dialect.asText(stored, readAs);
    return text === undefined ? stored : sql`${text} as ${sql.id(name)}`;
  });
}
