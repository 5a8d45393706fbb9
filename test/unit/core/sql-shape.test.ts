import { describe, expect, it } from 'vitest';
import { compileSql, SqlShape } from '../../../src/core/compile-sql.ts';
import { sql, type SqlDialect } from '../../../src/core/sql.ts';
import { postgresDialect } from '../../../src/engine/postgres/postgres-dialect.ts';

function dialect(): SqlDialect & { quoted: number } {
  return {
    ...postgresDialect,
    quoted: 0,
    quote(identifier) {
      this.quoted += 1;
      return `[${identifier}]`;
    },
    placeholder: (position) => `@${position}`,
  };
}

describe('SqlShape', () => {
  const shape = new SqlShape(sql`select * from ${sql.id('dbo', 'T')} where ${sql.id('a')} = ${null} and b > ${0}`);

  it('compiles its text once for each dialect, and takes other values each time', () => {
    const [one, two] = [dialect(), dialect()];
    const first = compileSql(shape.with([1, 'x']), one);
    expect(first).toEqual({ text: 'select * from [dbo].[T] where [a] = @1 and b > @2', values: [1, 'x'] });
    const second = compileSql(shape.with([2, null]), one);
    expect(second).toEqual({ text: first.text, values: [2, null] });
    expect(one.quoted).toBe(3);
    compileSql(shape.with([1, 1]), two);
    expect(two.quoted).toBe(3);
  });

  it('refuses fewer or more values than it has places', () => {
    expect(() => shape.with([1])).toThrow(RangeError);
    expect(() => shape.with([1, 2, 3])).toThrow(RangeError);
  });

  it('keeps its values when it becomes a part of a longer statement', () => {
    expect(compileSql(sql`${shape.with([1, 'x'])} or c = ${true}`, dialect())).toEqual({
      text: 'select * from [dbo].[T] where [a] = @1 and b > @2 or c = @3',
      values: [1, 'x', true],
    });
  });
});
