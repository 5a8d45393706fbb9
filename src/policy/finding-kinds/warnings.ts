import type { FindingKind } from './finding-kind.ts';

/** What the policies cannot mend by themselves. */
export const warnings = {
  'primary-key': {
    severity: 'oracle',
    say: () =>
      'has a primary key that does not begin with the tenant column: it cannot be moved between shards, and tells whether another tenant has a key',
    advise: (object) => `give ${object} a primary key that begins with the tenant column, in place of the one that it has`,
    reason: 'The refusal of a key that is taken says that another tenant has it.',
    remedy: 'A primary key that begins with the tenant column.',
  },
  'no-primary-key': {
    severity: 'advice',
    say: () => 'has no primary key: which of its rows a tenant changes cannot be told, so it cannot be moved between shards',
    advise: (object) => `give ${object} a primary key that begins with the tenant column`,
    reason:
      'A move follows changes of rows by their keys. Of such a table PostgreSQL logs only that it has changed, and SQL Server tracks nothing.',
    remedy: 'A primary key that begins with the tenant column.',
  },
  'unique-key': {
    severity: 'oracle',
    say: (name) => `has a unique index ${name} without the tenant column: it tells whether another tenant has a value`,
    advise: (object, name) => `give ${object} a unique index that has the tenant column among its keys, and take ${name} away`,
    reason: 'The refusal of a value that is taken says that another tenant has it.',
    remedy: 'The tenant column among the keys of the index.',
  },
  'foreign-key': {
    severity: 'oracle',
    say: (name) => `has a foreign key ${name} without the tenant column: it tells whether another tenant has a row, and may refer to it`,
    advise: (object, name) => `give ${object} a foreign key that has the tenant column on both sides, and take ${name} away`,
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
    advise: (object) => `let ${object} run as whoever calls it, or take the right to it from app`,
    reason: 'It reads and writes with the rights of its owner, whom no policy of app binds.',
    remedy: 'Let it run as whoever calls it, or take the right to it from app.',
  },
  'foreign-owner': {
    severity: 'leak',
    say: (owner) => `is a function that runs for rows of configured tables and belongs to ${owner}, who may see all tenants' rows by it`,
    advise: (object) => `see what ${object} does, let it run as whoever calls it, and give it to tenantry_admin`,
    reason:
      'On PostgreSQL a trigger, default, check, policy, rule or index of a configured table calls it with rows of every tenant, in sessions of admin too, and its owner may change what it does or what it reads. Functions that such a function calls in its text are not looked at.',
    remedy: 'The statement that gives it to admin, once it was looked at.',
  },
  'unlisted-table': {
    severity: 'leak',
    say: () =>
      'is not in the configuration, yet app may use it: its policies, if it has any, are compared with nothing, and without one every tenant shares its rows',
    reason: 'Nobody sets, compares or tries policies of a table that the configuration does not name.',
    remedy: 'Name the table in the configuration, or take the rights from app.',
  },
  'permissive-policy': {
    severity: 'advice',
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
    severity: 'advice',
    say: (rights) => `is open to others than the program's logins: ${rights}`,
    reason:
      'No policy of the program binds another role: TRUNCATE asks none, REFERENCES probes rows, and whatever its policies let it see is of all tenants.',
    remedy: 'The statement that takes the rights away; whoever needs all tenants’ rows uses the login of superuser.',
  },
  'group-member': {
    severity: 'advice',
    closes: false,
    say: (member) => `has a member besides the configured login, ${member}, which has all the rights of this role`,
    reason:
      'Whoever is a member of tenantry_admin, tenantry_mover or tenantry_superuser has the rows of all tenants, and a member of a login may become it (on SQL Server: who may act as it). Provisioning refuses members with ADMIN OPTION and keeps the others: they may be meant, such as the second of two logins while one is replaced by the other.',
    remedy: 'The statement that takes the member out, run by an administrator of the server.',
  },
  'sequence-rights': {
    severity: 'oracle',
    say: (rights) =>
      `is a sequence of all tenants that app has rights to (${rights}): its last value tells how many rows others have added`,
    advise: (object) => `give the column that ${object} numbers an identity in its place, or a random uuid, and take the right from app`,
    reason: 'Whoever may use a sequence reads its last value, which counts the rows of all tenants.',
    remedy:
      'The statement that takes the right; where a column needs it, an identity in its place (on PostgreSQL app needs no right to it), or a random uuid.',
  },
  'server-rights': {
    severity: 'leak',
    say: (rights) => `is the server's own, and nobody of tenants is to have this right to it: ${rights}`,
    reason:
      'On PostgreSQL what is there for administrators asks no policy: by pg_read_binary_file a tenant reads the files of tables, by pg_stat_get_activity the statements of others, in pg_statistic samples of their values.',
    remedy: 'The statement that takes the right, run by a superuser.',
  },
  'untaken-rights': {
    severity: 'advice',
    closes: false,
    say: (functions) => `has functions that are everybody's, as the server was delivered, which only a superuser may take: ${functions}`,
    advise: () => 'have a superuser of the server run what `tenantry shard provision` prints, where there is one',
    reason:
      'None of them knows a tenant. What one leaves in its session is undone after every statement, which costs time; by pg_stat_get_activity a tenant sees statements of others, and pg_terminate_backend ends their sessions.',
    remedy: 'The SQL of `tenantry shard provision`, run by a superuser. Where a managed service has none, they stay.',
  },
  'temporary-tables': {
    severity: 'advice',
    say: () =>
      'may be used by app (TEMP), which the bootstrap takes from everybody: tables in it outlast a transaction and come before others by name, so the connections of this shard are reset after every statement, which costs time',
    reason: 'A temporary table of one tenant would be found by the next in the same session. The reset keeps tenants apart at a cost.',
    remedy: 'The statement that takes the right.',
  },
  unproven: {
    severity: 'advice',
    closes: false,
    say: (detail) => `could not be tried: ${detail}`,
    reason:
      'What nobody has tried may leak. `policy apply` tries each table that it changes with rows that it makes up, and a constraint, a trigger or a type has refused one.',
    remedy: 'Say values that are let through: `tables: { Samples: { tenant: …, sample: { Column: value } } }`.',
  },
  'session-code': {
    severity: 'advice',
    say: () =>
      'may leave something in its session (SET without LOCAL, set_config, LISTEN, PREPARE, WITH HOLD, EXECUTE or another language; of pg_catalog: a right that the bootstrap takes from everybody is back): the connections of this shard are reset after every statement, which costs time',
    advise: (object) => `let ${object} leave nothing in its session, or take the right to it from app and public`,
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
    closes: false,
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
    severity: 'advice',
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
  'changed-policy': {
    severity: 'advice',
    say: (policy) =>
      `has a policy ${policy} that the configuration says otherwise than before: services with the configuration of before are refused once the shard has it, those with the new one until then`,
    advise: (object, policy) =>
      `beside ${policy} on ${object} put the new one under a name of its own, and apply; replace the services by ones that have the new one alone; then apply without ${policy}`,
    reason: 'A service opens connections to shards that have each policy of its configuration, in the very words that it knows.',
    remedy: 'Three steps, between which every service is let in: [docs/rollout.md](rollout.md#a-policy-that-is-changed-in-place).',
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
