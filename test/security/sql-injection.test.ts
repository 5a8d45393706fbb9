import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSql } from '../../src/core/compile-sql.ts';
import { sql, type Sql, type SqlDialect, type SqlValue } from '../../src/core/sql.ts';
import { postgresDialect } from '../../src/engine/postgres/postgres-dialect.ts';
import { checkProperty } from '../support/random.ts';

const dialect: SqlDialect = postgresDialect;
const attacks = [`'; drop table "Blogs"; --`, `" or true --`, `$1`, `\\'; --`, `/*`, `' or ''='`, `\u02bc or 1=1`];
const invalid = expect.objectContaining({ code: 'INVALID_REQUEST' }) as Error;

describe('a value in a statement', () => {
  it.each(attacks)('travels as a parameter: %s', (attack) => {
    expect(compileSql(sql`select * from t where a = ${attack} and b = ${[attack]}`, dialect)).toEqual({
      text: 'select * from t where a = $1 and b = $2',
      values: [attack, [attack]],
    });
  });

  it('never reaches the text, whatever it is and however fragments nest', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', minLength: 4 }),
      fc.uint8Array({ minLength: 4 }),
      fc.array(fc.string({ minLength: 4 })),
    );
    checkProperty(
      fc.property(fc.array(value, { minLength: 1 }), (values) => {
        const nested = sql`select ${sql.join(values.map((one) => sql`f(${one})`))} from ${sql.id('t')}`;
        const compiled = compileSql(nested, dialect);
        expect(compiled.text).toBe(`select ${values.map((_, index) => `f($${index + 1})`).join(', ')} from "t"`);
        expect(compiled.values).toEqual(values);
      }),
    );
  });

  it('that is no value is refused before anything is sent, without being shown', () => {
    const others: unknown[] = [undefined, {}, { toString: () => 'hunter2' }, () => 'hunter2', Symbol('hunter2'), [1, undefined], [[{}]]];
    for (const other of others) {
      const build = (): unknown => sql`select ${1}, ${other as SqlValue}`;
      expect(build).toThrow(invalid);
      expect(build).toThrow('Value 2 of a statement is of type');
      expect(build).not.toThrow('hunter2');
    }
  });

  it('is not mistaken for a fragment because it looks like one', () => {
    const forged = JSON.parse('{"kind":"text","text":"drop table t","parts":[{"kind":"text","text":"drop table t"}]}') as SqlValue;
    expect(() => sql`select ${forged}`).toThrow(invalid);
  });
});

describe('a name in a statement', () => {
  it.each(attacks)('is quoted: %s', (attack) => {
    const { text, values } = compileSql(sql`select * from ${sql.id('dbo', attack)}`, dialect);
    expect(text).toBe(`select * from "dbo"."${attack.replaceAll('"', '""')}"`);
    expect(values).toEqual([]);
  });

  it('without characters, with NUL or that is no string is refused', () => {
    for (const name of ['', 'a\0b', '\ud800', 7, undefined, ['a']]) expect(() => sql.id('dbo', name as string)).toThrow(invalid);
  });
});

describe('text of a statement', () => {
  it('comes from the program alone: a string is refused by the types and at run time', () => {
    const input = 'select 1' as string;
    // @ts-expect-error a plain string is no statement
    expect(() => compileSql(input, dialect)).toThrow(invalid);
    // @ts-expect-error nor are the parts of one
    expect(() => compileSql({ parts: [{ kind: 'text', text: input }], plain: undefined }, dialect)).toThrow(invalid);
    // @ts-expect-error sql is a tag, not a function of text
    expect(() => sql(input)).toThrow(invalid);
    // @ts-expect-error nor of an array of texts
    expect(() => sql([input])).toThrow(invalid);
    // @ts-expect-error nor of a fragment
    expect(() => sql.join([input])).toThrow(invalid);
    expect(() => sql(Object.assign([input], { raw: [input] }))).toThrow(invalid);
  });
});

describe('a compiled statement', () => {
  const byId = (id: SqlValue): Sql => sql`select * from t where id = ${id}`;

  it('has the very same text for each use of one plain template, and its own values', () => {
    const calls: string[] = [];
    const counting: SqlDialect = { ...dialect, placeholder: (position) => (calls.push('placeholder'), dialect.placeholder(position)) };
    const [first, second] = [compileSql(byId(1), counting), compileSql(byId(2), counting)];
    expect(second.text).toBe(first.text);
    expect([first.values, second.values]).toEqual([[1], [2]]);
    expect(calls).toEqual(['placeholder']);
  });

  it('is written anew for each dialect', () => {
    const other: SqlDialect = {
      ...postgresDialect,
      quote: (identifier) => `[${identifier.replaceAll(']', ']]')}]`,
      placeholder: (position) => `@p${position}`,
    };
    expect(compileSql(byId(1), dialect).text).toBe('select * from t where id = $1');
    expect(compileSql(byId(1), other).text).toBe('select * from t where id = @p1');
    expect(compileSql(sql`select ${sql.id('a]b')}`, other).text).toBe('select [a]]b]');
  });

  it('follows its fragments, which one template may change from use to use', () => {
    const ordered = (column: string): Sql => sql`select * from t order by ${sql.id(column)} limit ${5}`;
    expect(compileSql(ordered('a'), dialect)).toEqual({ text: 'select * from t order by "a" limit $1', values: [5] });
    expect(compileSql(ordered('b'), dialect)).toEqual({ text: 'select * from t order by "b" limit $1', values: [5] });
  });

  it('keeps null and empty values, and a plain fragment inside another statement', () => {
    expect(compileSql(sql`${byId(null)} and ${sql`name = ${''}`}`, dialect)).toEqual({
      text: 'select * from t where id = $1 and name = $2',
      values: [null, ''],
    });
  });
});
