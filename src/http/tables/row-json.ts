import type { Row } from '../../core/session.ts';
import type { ShownColumn } from '../columns/select-item.ts';
import type { TableColumn } from './table.ts';

/** Turns a row as the database gave it into what JSON shows; changes the row in place. */
export type RowRenderer = (row: Row) => Row;

/** The renderer of rows with these columns: touches only the columns whose values are not JSON already. */
export function rowRenderer(columns: Iterable<ShownColumn>): RowRenderer {
  const converted = [...columns].flatMap(({ name, codec: { toJson } }) => (toJson === undefined ? [] : [{ name, toJson }]));
  return (row) => {
    for (const { name, toJson } of converted) {
      const value = row[name];
      if (value !== null) row[name] = toJson(value);
    }
    return row;
  };
}

/** The text of each key column as it stands in paths and cursors. */
export function keyTexts(key: readonly TableColumn[], rendered: Row): string[] {
  return key.map(({ name }) => String(rendered[name]));
}
