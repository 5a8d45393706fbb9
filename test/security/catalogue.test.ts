import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defences } from './defences.ts';

type Group = keyof typeof defences;

const folder = new URL('./', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
const textOf = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
const usersOf = (group: string): string[] =>
  files.filter((file) => [`defences['${group}']`, `defences.${group},`].some((use) => textOf(file).includes(use)));

/** Tests that switch nothing off by the table, and what shows that each can fail. */
const withoutEntry: Readonly<Record<string, string>> = {
  'catalogue.test.ts': 'is about the table itself',
  'connection-gate.test.ts': 'weakens a shard in each case, and expects the refusal',
  'flagship.test.ts': 'has a case of its own, with policies that let everything through',
  'known-tokens.test.ts': 'takes what lets a token in away, and expects the refusal',
  'sql-injection.test.ts': 'compares the text of statements',
  'tokens.test.ts': 'accepts right tokens beside those that it refuses; what a wrong one could show: forged-tokens.test.ts',
};

/** What the catalogue of attacks names, and the groups of the table that have it. */
const rows: Readonly<Record<string, readonly Group[]>> = {
  'no context': ['no context'],
  'pooled session': ['pooled session', 'code in a pooled session', 'every connection'],
  'abort, timeout, cancel, killed server': ['interrupted'],
  'insert, update, delete, bulk insert, upsert and MERGE for another tenant': ['rows of another tenant', 'over HTTP'],
  'change of the own context': [
    'changing the context',
    'changing the context with a code',
    'changing what a call brings',
    'what a call has brought',
    'plain context',
  ],
  'switch of the principal': ['becoming someone else'],
  'switch of the policy, views, functions, TRUNCATE, partitions': ['switching the policy off', 'rows of another tenant'],
  'keys as oracles, errors as side channel': ['oracles'],
  'statistics, activity, EXPLAIN': ['statistics'],
  'stale router, restored shard': ['stale routers'],
  'the lock of another mapping': ['locks'],
  'the log of a tenant that is moved': ['capture'],
  'transaction control': ['transaction control'],
  'cursor of another tenant': ['over HTTP'],
  'values in errors and logs': ['values in errors'],
  tokens: ['forged tokens'],
};

describe('the table of defences', () => {
  it.each(files)('has the attacks of %s, or it is said why not', (file) => {
    const usesTable = Object.keys(defences).some((group) => usersOf(group).includes(file));
    expect(usesTable).toBe(withoutEntry[file] === undefined);
  });

  it.each(Object.keys(defences))('is used for %s by one file alone', (group) => {
    expect(usersOf(group)).toHaveLength(1);
  });

  it('covers the catalogue with nothing left over', () => {
    expect([...new Set(Object.values(rows).flat())].toSorted()).toEqual(Object.keys(defences).toSorted());
  });
});
