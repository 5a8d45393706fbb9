import type { FindingKind } from './finding-kind.ts';

/** Why a configured procedure cannot be called. */
export const procedureProblems = {
  'missing-procedure': {
    severity: 'refused',
    say: () => 'does not exist in the shard',
    reason: 'The configuration names a procedure that the shard has not; names are exact-case.',
    remedy: 'Create the procedure, or correct its name.',
  },
  'not-a-procedure': {
    severity: 'refused',
    say: (form) => `is ${form}, which nobody can call by a request`,
    reason: 'A call needs a procedure, or a function of PostgreSQL: neither an aggregate, nor what is written in an assembly.',
    remedy: 'Name a procedure that calls it.',
  },
  'several-of-a-name': {
    severity: 'refused',
    say: (count) => `is there ${count} times, with other parameters each`,
    reason: 'Which one is called would depend on the types of what a caller happens to give.',
    remedy: 'Rename all but one.',
  },
  'procedure-parameters': {
    severity: 'refused',
    say: (what) => `does not take what the configuration says: ${what}`,
    reason: 'A value of another type, or without a parameter for it, fails when it is called, or becomes another value on the way.',
    remedy: 'Correct the configuration’s parameters, or the procedure’s.',
  },
  'procedure-answer': {
    severity: 'refused',
    say: (what) => `does not answer as the configuration says: ${what}`,
    reason: 'An answer of another form fails when it is called.',
    remedy: 'Correct `returns`, or what the procedure answers with.',
  },
  'ends-transaction': {
    severity: 'refused',
    say: (words) => `ends or changes the transaction that it is called in: ${words}`,
    reason:
      'The tenant is entered for one transaction, which commits what a call has done, or nothing of it. What a procedure commits by itself stays where the call fails, and what follows runs in another transaction.',
    remedy: 'Take it out: a call is one transaction, and an error undoes all of it.',
  },
  'unread-code': {
    severity: 'refused',
    say: (what) => `runs what cannot be looked at before it is called: ${what}`,
    reason:
      'What a text that is made at run time, an encrypted procedure or one of another database does to the transaction and to the caller’s rights, nobody can say.',
    remedy: 'Write it out, in the procedure itself or in one of the same database that it calls by its name.',
  },
  'runs-as-another': {
    severity: 'refused',
    say: (owner) => `runs as ${owner}, not as the tenant's login`,
    reason: 'It reads and writes with the rights of somebody whom no policy of app binds, and any caller of the API may call it.',
    remedy:
      'Let it, and what it calls, run as whoever calls it (`SECURITY INVOKER`, no `EXECUTE AS`), or take the right to what it calls from app.',
  },
  'rights-not-given': {
    severity: 'refused',
    say: () => 'cannot be given to app by the admin login, whom it does not belong to',
    advise: (object) => `give ${object} to tenantry_admin (on SQL Server: CONTROL with grant option)`,
    reason: 'app gets EXECUTE on what the configuration exposes, and only its owner, or who was given that right, gives it.',
    remedy: 'Give the procedure to tenantry_admin (on SQL Server: CONTROL with grant option).',
  },
  'writes-in-reads': {
    severity: 'refused',
    say: (words) => `changes a table, and the configuration says readOnly: ${words}`,
    reason:
      'What only reads is repeated by itself where it failed on the way, and SQL Server has no transaction that refuses to write: it would be done twice.',
    remedy: 'Take `readOnly` away; rows for the time of a call belong in a table variable or a temporary table, named as such.',
  },
  'volatile-reads': {
    severity: 'advice',
    say: () => 'is VOLATILE, and the configuration says readOnly: where it writes, it is refused when it is called',
    reason: 'VOLATILE is what PostgreSQL takes for granted where nothing is said, and what a function must be that writes.',
    remedy: 'Say STABLE of a function that only reads; take `readOnly` away from one that writes.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;
