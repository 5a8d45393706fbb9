import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { driftProblem } from '../../../src/core/accepted-drift.ts';

test.each([
  'view public."Totals"',
  'cast public.secret as text',
  'foreign key public."Posts" posts_blog',
  'unique key public."Blogs" blogs_name',
  'operator class public.by_text using btree',
  "rights pg_authid of the server's own",
])('%s may be drift that is accepted for a while', (object) => {
  expect(driftProblem(object)).toBeUndefined();
});

test.each([
  'unique key',
  'unique key tenantry.local_mapping local_mapping_low',
  'policy public."Blogs" tenantry_tenant',
  "operator classes the server's own",
])('%s may not', (object) => {
  expect(driftProblem(object)).toContain('by itself it may be a view, ');
});

// What is always there, as Tenantry makes it or the server has it, keeps tenants apart: it differs and cannot be there besides. What nobody
// judged is no object.
test.each([
  [
    'postgres',
    [
      'access methods',
      'aggregates',
      'casts',
      'changes',
      'columns',
      'conversions',
      'database',
      'default',
      'delivered rights',
      'event trigger',
      'functions',
      'language',
      'operators',
      'policy',
      'role',
      'schema',
      'text searches',
      'types',
      'views',
    ],
  ],
  ['mssql', ['columns', 'database', 'default', 'predicate', 'role', 'schema']],
])('on %s each kind of object that is told is one that may, or one that never does', (engine, alwaysThere) => {
  const items = readFileSync(new URL(`../../../sql/${engine}/schema/shard/060-fingerprint.sql`, import.meta.url), 'utf8');
  // What is followed by an oid is a word of an object's name.
  const kinds = new Set(
    Array.from(items.matchAll(/\bselect (?:distinct )?N?'([a-z ]+)'(?: as kind)?,(?! \w+\.oid,)/gi), ([, kind = '']) => kind),
  );
  expect([...kinds].filter((kind) => driftProblem(`${kind} public.x`) !== undefined).toSorted()).toEqual(alwaysThere);
});
