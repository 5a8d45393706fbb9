import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const comment = /--[^\n]*/g;
const table = /^create table (?:if not exists )?\[?tenantry(?:_watch)?\]?\.\[?(\w+)\]? \(\n([\s\S]*?)\n\)/gim;
const column = /^ {2}\[?(\w+)\]? ([a-z]\w*(?:\((?:\d+|max)\))?)/gim;
/** What a line of a table begins with that is no column. */
const others = new Set(['check', 'constraint', 'exclude', 'foreign', 'index', 'primary', 'unique']);

/** Types of the columns of Tenantry's own tables in a library such as `sql/mssql`, by `table.column`, as its schema files declare them. */
export function tableColumns(library: string): Map<string, string> {
  const types = new Map<string, string>();
  for (const file of globSync('schema/{catalog,shard}/*.sql', { cwd: library })) {
    const text = readFileSync(join(library, file), 'utf8').replaceAll(comment, '');
    for (const [, name = '', body = ''] of text.matchAll(table)) {
      for (const [, columnName = '', type = ''] of body.matchAll(column)) {
        if (!others.has(columnName.toLowerCase())) types.set(`${name}.${columnName}`, type);
      }
    }
  }
  return types;
}
