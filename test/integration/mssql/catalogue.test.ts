import { describe, expect, test } from 'vitest';
import { defences as ofPostgres } from '../../security/defences.ts';
import { catalogue } from './attacks/catalogue.ts';
import { statementsOf } from './support/recorded-world.ts';

/** Groups of attacks that PostgreSQL has in test/security, and where they are tried on SQL Server. */
const elsewhere: Readonly<Record<string, string>> = {
  'plain context': 'changing the context, whose defences are switched off by it',
  'changing the context with a code': 'no shard keeps its context so: that of SQL Server is read-only by itself',
  'every connection': 'switching the policy off (its default schema); of its password a login must know the old one',
  'code in a pooled session': 'pooled session: every use of a connection begins with a reset, whosever code ran before',
  capture: 'the server tracks changes by itself, where no statement of app reaches; who may see them is in policy-apply over the wire',
  'transaction control': 'tenant-statements.test.ts',
  'over HTTP': 'the API is the same over every engine',
  'forged tokens': 'the API is the same over every engine',
};

describe('the attacks on SQL Server', () => {
  test('are those on PostgreSQL, group by group, or it is said where they are', () => {
    const groups = [...Object.keys(catalogue), ...Object.keys(elsewhere)];
    expect(groups.toSorted()).toEqual(Object.keys(ofPostgres).toSorted());
  });

  test('all say something to the server, but for the one that only connects', async () => {
    const silent: string[] = [];
    for (const [title, attack] of Object.values(catalogue).flatMap((attacks) => Object.entries(attacks))) {
      if ((await statementsOf(attack)).length === 0) silent.push(title);
    }
    expect(silent).toEqual(['at a server that was restored or replaced']);
  });
});
