import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QueryFiles, type QueryFile } from '../../../src/engine/query-files.ts';

const texts: Readonly<Record<string, string>> = {
  'two-values':
    '-- What it is for.\n-- @low int \n-- @high numeric(4, 2)\nselect @@rowcount, a @> b\n  -- between\nfrom t where n between @low and @high;\n',
  'no-values': 'select 1;\n',
  unused: '-- @low int\n-- @high int\nselect @low;\n',
};
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'query-files-'));
  mkdirSync(join(folder, 'queries'));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, 'queries', `${name}.sql`), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

function library(): { files: QueryFiles<QueryFile>; compiled: string[] } {
  const compiled: string[] = [];
  const compile = (file: QueryFile): QueryFile => {
    compiled.push(file.name);
    return file;
  };
  return { files: new QueryFiles(pathToFileURL(`${folder}/`), compile), compiled };
}

describe('a file of a query library', () => {
  test('gives its statement without comments, the declared types in order, and the values given', () => {
    const { compiled, valueOf } = library().files.query('two-values', { high: 2, low: null });
    expect(compiled.text).toBe('select @@rowcount, a @> b\n\nfrom t where n between @low and @high;');
    expect([...compiled.parameters]).toEqual([
      ['low', 'int'],
      ['high', 'numeric(4, 2)'],
    ]);
    expect([valueOf('low'), valueOf('high')]).toEqual([null, 2]);
  });

  test('is compiled once', () => {
    const { files, compiled } = library();
    for (const low of [1, 2]) expect(files.query('two-values', { low, high: 3 }).valueOf('low')).toBe(low);
    expect(compiled).toEqual(['two-values']);
  });

  test.each([
    ['two-values', { lo: 1 }, 'two-values.sql has no parameter @lo; it has @low, @high.'],
    ['no-values', { low: 1 }, 'no-values.sql has no parameter @low; it has none.'],
    ['unused', { low: 1, high: 2 }, 'unused.sql declares @high and does not use it.'],
    ['absent', {}, 'There is no file queries/absent.sql in the library of queries.'],
  ])('%s with %o is refused', (name, given, detail) => {
    expect(() => library().files.query(name, given)).toThrow(expect.objectContaining({ code: 'INTERNAL', detail }));
  });

  test('without a value that it needs is refused', () => {
    const { valueOf } = library().files.query('two-values', { low: 1 });
    expect(() => valueOf('high')).toThrow(expect.objectContaining({ code: 'INTERNAL', detail: 'two-values.sql needs a value for @high.' }));
  });
});
