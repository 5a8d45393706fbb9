/** What comes of a finding: nothing is applied; what one tenant or user has may be learnt or changed by another; it costs something. */
export type FindingSeverity = 'refused' | 'leak' | 'advice';

/** A kind of thing that is found on a shard, by its code. */
export interface FindingKind {
  readonly severity: FindingSeverity;
  /** What is so with the object, in one sentence without its beginning; `at` is a place in the configuration. */
  readonly say: (detail: string, at: string) => string;
  /** What to change, where no statement does it alone: of names and columns only the table's owner can choose. */
  readonly advise?: (object: string, detail: string) => string;
  /** Why it matters, for docs/policy-findings.md. */
  readonly reason: string;
  /** What helps, for the same page. */
  readonly remedy: string;
}

const tenantColumn = {
  'missing-table': {
    severity: 'refused',
    say: () => 'does not exist in the shard',
    reason: 'The configuration names a table that the shard has not; names are exact-case.',
    remedy: 'Create the table, or correct its name.',
  },
  'not-a-table': {
    severity: 'refused',
    say: () => 'is not a table; only ordinary and partitioned tables can be routed',
    reason: 'A view or a foreign table takes no policies of its own.',
    remedy: 'Name the table behind it.',
  },
  'owned-by-app': {
    severity: 'refused',
    say: (owner) => `belongs to ${owner}, a login of tenant traffic, which must own nothing`,
    reason: 'An owner takes its table’s policies away.',
    remedy: 'The statement that gives it to another owner.',
  },
  'not-owned': {
    severity: 'refused',
    say: (owner) => `belongs to ${owner}, and the admin login may not put policies on it`,
    reason: 'Only who owns a table, or controls it, puts policies on it.',
    remedy: 'The statement that gives admin the right.',
  },
  'schema-rights': {
    severity: 'refused',
    say: (schema) => `is in the schema ${schema}, which the admin login may not let others use`,
    reason: 'Without a right to its schema no login reaches a table, whatever rights it has to it.',
    remedy: 'The statement that gives admin the right.',
  },
  'unknown-column': {
    severity: 'refused',
    say: (column) => `has no column ${column} (names are exact-case)`,
    reason: 'The tenant column of the configuration is not there.',
    remedy: 'Add the column, or correct its name.',
  },
  'column-type': {
    severity: 'refused',
    say: (types) => `has a tenant column of type ${types}`,
    reason: 'Tenant ids are compared as the map has them: another type would compare otherwise, or not at all.',
    remedy: 'Change the column’s type, or the map’s key.',
  },
  collation: {
    severity: 'refused',
    say: (type) => `has a tenant column of type ${type} whose collation does not compare bytes`,
    reason: 'By another collation two tenants may be one, as Ann and ann are.',
    remedy: 'The statement that changes the collation.',
  },
  nullable: {
    severity: 'refused',
    say: (column) => `allows null in its tenant column ${column}: such a row would belong to no tenant`,
    reason: 'A row without a tenant is seen by none, and lost to each.',
    remedy: 'The statement that refuses null.',
  },
  computed: {
    severity: 'refused',
    say: (column) => `computes its tenant column ${column}; it must be a plain column`,
    reason: 'A computed column cannot take the tenant that has been entered.',
    remedy: 'Make it a plain column.',
  },
  'no-index': {
    severity: 'refused',
    say: (column) => `has no index that begins with its tenant column ${column}: every statement would read all tenants' rows`,
    reason: 'Every statement of a tenant would wait for the rows of all, and their number shows in how long it waits.',
    remedy: 'The statement that makes the index.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;

const predicates = {
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

const procedures = {
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

const warnings = {
  'primary-key': {
    severity: 'leak',
    say: () =>
      'has a primary key that does not begin with the tenant column: it cannot be moved between shards, and tells whether another tenant has a key',
    advise: (object) => `ALTER TABLE ${object}: drop its primary key, and add one that begins with the tenant column`,
    reason: 'The refusal of a key that is taken says that another tenant has it.',
    remedy: 'A primary key that begins with the tenant column.',
  },
  'no-primary-key': {
    severity: 'advice',
    say: () => 'has no primary key: which of its rows a tenant changes cannot be told, so it cannot be moved between shards',
    advise: (object) => `ALTER TABLE ${object}: add a primary key that begins with the tenant column`,
    reason:
      'A move follows changes of rows by their keys. Of such a table PostgreSQL logs only that it has changed, and SQL Server tracks nothing.',
    remedy: 'A primary key that begins with the tenant column.',
  },
  'unique-key': {
    severity: 'leak',
    say: (name) => `has a unique index ${name} without the tenant column: it tells whether another tenant has a value`,
    advise: (object, name) => `CREATE UNIQUE INDEX on ${object}, with the tenant column among its keys, then drop ${name}`,
    reason: 'The refusal of a value that is taken says that another tenant has it.',
    remedy: 'The tenant column among the keys of the index.',
  },
  'foreign-key': {
    severity: 'leak',
    say: (name) => `has a foreign key ${name} without the tenant column: it tells whether another tenant has a row, and may refer to it`,
    advise: (object, name) => `ALTER TABLE ${object}: add a foreign key that has the tenant column on both sides, then drop ${name}`,
    reason: 'No policy is asked where a server looks for the row that a foreign key names: any row of any tenant can be probed.',
    remedy: 'The tenant column on both sides of the key.',
  },
  view: {
    severity: 'leak',
    say: (owner) => `is a view over routed tables that reads as ${owner}, not as the tenant`,
    reason: 'A view reads with the rights of its owner, whom no policy of app binds.',
    remedy: 'The statement that lets it read as whoever asks.',
  },
  'materialized-view': {
    severity: 'leak',
    say: (owner) => `is a materialized view over routed tables of ${owner}, with every tenant's rows, and app may read it`,
    reason: 'What it stores was read by its owner, and no policy can be put on it.',
    remedy: 'The statement that takes the right from app.',
  },
  'definer-function': {
    severity: 'leak',
    say: (owner) => `is a function that runs as ${owner}, and app may call it`,
    advise: (object) => `ALTER ${object}: let it run as whoever calls it, or take the right to it from app`,
    reason: 'It reads and writes with the rights of its owner, whom no policy of app binds.',
    remedy: 'Let it run as whoever calls it, or take the right to it from app.',
  },
  'unlisted-table': {
    severity: 'leak',
    say: () => 'is not in the configuration, yet app may use it: every tenant shares its rows',
    reason: 'No policy is on a table that the configuration does not name.',
    remedy: 'Name the table in the configuration, or take the rights from app.',
  },
  'permissive-policy': {
    severity: 'leak',
    say: (policy) => `has a permissive policy of somebody else's, ${policy}: it adds rows to those that others let through (OR)`,
    reason:
      'Permissive policies add up by OR. app is held by the restrictive one of its tenant; every other role sees what any permissive policy lets it see, of all tenants.',
    remedy: 'Make it restrictive, or drop it, and say in the configuration what it was for.',
  },
  'restrictive-policy': {
    severity: 'advice',
    say: (policy) =>
      `has a policy of somebody else's, ${policy}, that hides rows from the program's own logins: a move or a report would miss them`,
    reason: 'What mover does not see is not moved, and what admin does not see is not cleaned up.',
    remedy: 'Drop it, and say in the configuration what it was for.',
  },
  'other-rights': {
    severity: 'leak',
    say: (rights) => `is open to others than the program's logins: ${rights}`,
    reason:
      'No policy of the program binds another role: TRUNCATE asks none, REFERENCES probes rows, and whatever its policies let it see is of all tenants.',
    remedy: 'The statement that takes the rights away; whoever needs all tenants’ rows is a member of tenantry_superuser.',
  },
  'sequence-rights': {
    severity: 'leak',
    say: (rights) =>
      `is a sequence of all tenants that app has rights to (${rights}): its last value tells how many rows others have added`,
    advise: (object) => `give the column that ${object} numbers an identity in its place, or a random uuid, and take the right from app`,
    reason: 'Whoever may use a sequence reads its last value, which counts the rows of all tenants.',
    remedy:
      'The statement that takes the right; where a column needs it, an identity in its place (on PostgreSQL app needs no right to it), or a random uuid.',
  },
  'temporary-tables': {
    severity: 'advice',
    say: () =>
      'may be used by app (TEMP), which the bootstrap takes from everybody: tables in it outlast a transaction and come before others by name, so the connections of this shard are reset after every statement, which costs time',
    advise: () => 'REVOKE TEMPORARY ON DATABASE: of this one, from tenantry_app and public',
    reason: 'A temporary table of one tenant would be found by the next in the same session. The reset keeps tenants apart at a cost.',
    remedy: 'The statement that takes the right.',
  },
  unproven: {
    severity: 'advice',
    say: (detail) => `could not be tried: ${detail}`,
    reason:
      'What nobody has tried may leak. `policy apply` tries each table that it changes with rows that it makes up, and a constraint, a trigger or a type has refused one.',
    remedy: 'Say values that are let through: `tables: { Samples: { tenant: …, sample: { Column: value } } }`.',
  },
  'session-code': {
    severity: 'advice',
    say: () =>
      'may leave something in its session (SET without LOCAL, set_config, LISTEN, PREPARE, WITH HOLD, EXECUTE or another language; of pg_catalog: a right that the bootstrap takes from everybody is back): the connections of this shard are reset after every statement, which costs time',
    advise: (object) => `ALTER ${object} so that it leaves nothing, or take the right to it from app and public`,
    reason: 'What one tenant leaves in a session the next would find. The reset keeps tenants apart at a cost.',
    remedy: 'Let the function leave nothing, or take the right to it from app and public.',
  },
  'session-identity': {
    severity: 'advice',
    say: (words, at) =>
      `asks for the session (${words})${at === '' ? '' : ` by ${at}`}: what logins may is tried in a session of admin, which proves nothing of what goes by it`,
    advise: (object) => `let ${object} go by the tenant and the values of its context, where a policy asks it`,
    reason:
      'Probes act as each login in a session of admin. Whatever asks for that session, its process, its program or the login behind it may answer a login of its own otherwise, and no probe sees that.',
    remedy: 'Go by the tenant and by values of `context`, which are the same in every session.',
  },
  'no-predicate-index': {
    severity: 'advice',
    say: (columns, at) => `has no index that begins with ${columns}, by which ${at} is asked: every statement reads all of a tenant's rows`,
    reason: 'A policy is asked with every statement; without an index each reads the tenant’s rows of the table from end to end.',
    remedy: 'The statement that makes the index.',
  },
  'text-without-index': {
    severity: 'advice',
    say: (column, at) =>
      `has texts in ${column} whose collation, or code page, no index answers ${at} by: every statement reads all of a tenant's rows`,
    reason: 'On SQL Server policies compare texts by their bytes, which an index of another collation, or of `varchar`, is not ordered by.',
    remedy: 'The statement that changes the column; what depends on it, such as its indexes, has to be made anew.',
  },
  'open-deciding-table': {
    severity: 'leak',
    say: (operations, at) =>
      `decides by ${at} who sees what, and every user of a tenant may ${operations} its rows: no policy is on writing it`,
    advise: (object) => `put a policy with write on ${object}, or make it a reference table, which app only reads`,
    reason: 'Whoever may write permissions gives them to himself.',
    remedy: 'A policy with `write` on the table, such as `{ role: … }`, or `reference` in place of a tenant column.',
  },
  'unseen-insert': {
    severity: 'advice',
    say: (policies) => `takes rows that whoever adds them does not see: adding them asks less than reading by ${policies}`,
    advise: (object) => `say insert in the policies on ${object}, with what reading asks, where that is not meant`,
    reason:
      'A user adds rows that he can then neither see nor take back; PostgreSQL refuses them where the statement asks for them in return.',
    remedy: 'Ask of `insert` what `read` asks, or leave it so where it is meant.',
  },
  'raw-subquery': {
    severity: 'advice',
    say: (_, at) => `has a policy in an engine's own words, ${at}, that reads another table and does not name the tenant`,
    advise: () =>
      'compare the tenant column of what it reads with the tenant: tenantry.current_tenant(), or SESSION_CONTEXT of tenantry.tenant',
    reason:
      'What a raw predicate reads is not looked at; without the tenant in it a sub-query may answer for all of them, and reads them all.',
    remedy: 'Compare the tenant column of every table it reads with the tenant.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;

/** Everything that can be found, in the order of the page. */
export const findingCatalogue = { ...tenantColumn, ...predicates, ...procedures, ...warnings };

/** Code of a kind of finding: it stays as it is, whatever becomes of its sentence. */
export type FindingCode = keyof typeof findingCatalogue;

/** Whether a query's answer is a code of the catalogue. */
export function isFindingCode(text: string): text is FindingCode {
  return Object.hasOwn(findingCatalogue, text);
}
