import type { FindingKind } from './finding-kind.ts';

/** Why a policy of the configuration cannot be made on a shard. */
export const predicateProblems = {
  'no-such-column': {
    severity: 'refused',
    say: (column, at) => `has no column ${column} (names are exact-case), which ${at} names`,
    reason: 'A policy goes by a column that the table of this shard has not.',
    remedy: 'Correct the name in the configuration; what was probably meant is said.',
  },
  'value-type': {
    severity: 'refused',
    say: (types, at) => `cannot be asked what ${at} asks: ${types}`,
    reason: 'A column of another type is compared otherwise on each engine, or not at all. Types that pad or fold texts are refused, too.',
    remedy: 'Change the type of the column, or that of the value in `context`.',
  },
  'pair-type': {
    severity: 'refused',
    say: (types, at) => `cannot be asked what ${at} asks: ${types}`,
    reason:
      'Two columns that a policy compares must be of one type; whole numbers of any size go together, and so do texts that nothing pads.',
    remedy: 'Change the type of one of them.',
  },
  'text-collation': {
    severity: 'refused',
    say: (column, at) => `takes different texts for the same in ${column}, which ${at} goes by`,
    reason:
      'By a collation that overlooks case or accents, Ann would have the rights of ann. On SQL Server policies compare bytes whatever the collation is.',
    remedy: 'The statement that changes the collation.',
  },
  'access-type': {
    severity: 'refused',
    say: (types, at) => `cannot say by ${at} who has access: ${types}, and must be of yes and no or a whole number`,
    reason: 'Access is there where the column is 1.',
    remedy: 'Change the column’s type to boolean, bit or a whole number.',
  },
  'both-answers': {
    severity: 'refused',
    say: (columns, at) => `may have two rows for the same ${columns}, one of which grants what the other denies by ${at}`,
    reason: 'A 0 must deny: without a unique index a 1 can stand beside it, and would be found.',
    remedy: 'The statement that makes the unique index.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;
