import { nameOf, type Mutation } from './mutation.ts';

interface Harmless {
  readonly matches: RegExp;
  readonly reason: string;
}

/** What nobody is told of, and need not be: with everything that is listed here, the judge must come to nothing. */
export const harmless: readonly Harmless[] = [
  {
    matches: /^policy "(Ledger|EventsAside)" /,
    reason: 'app has no right to the table, and where it is given one it is told',
  },
  { matches: /^policy \S+ tenantry_superuser: for select alone$/, reason: 'it is for that alone' },
  {
    matches: /^table (tenantry(_watch)?\.\w+|public\."Countries"): row security (off|not forced)/,
    reason: 'it has none: app has no right to it, or may read all of it',
  },
  {
    matches:
      /^function public\.(note|remember|tell|tell_more|tell_state)\(.*: (with the rights of its owner|owned by a superuser|immutable)$/,
    reason: 'it is so',
  },
  {
    matches: /^policy .*: (made again as it was|its comment gone|the tenant alone)$/,
    reason: 'it says what it said; where the program asks for its mark, the gate query does',
  },
  {
    matches: /^policy \S+ tenantry_(admin|mover|superuser|base): (true|using true|with check true|or true)$/,
    reason: 'it says what it said: these roles see every tenant, and what binds tenants is restrictive',
  },
  {
    matches: /^table .*: (a column more|an index|statistics|an option of storage|unlogged|its replica identity|a comment|emptied)$/,
    reason: 'who sees which row stays as it was',
  },
  { matches: /^table .*: a publication$/, reason: 'only a login that may replicate reads it, which app must not be' },
  {
    matches: /^table .*: (a view of its owner that nobody may read|a copy that nobody may read|a function for nobody that reads it)$/,
    reason: 'until somebody is given a right to it, which is told',
  },
  {
    matches: /^table .*: (triggers off|triggers of users off)$/,
    reason: 'they keep foreign keys, and changes from being lost by a move; what those of Tenantry lack is told by policy diff',
  },
  { matches: /^table .*: row security on$/, reason: 'it is on, or there was none' },
  { matches: /^(view public\."FarOwn": without its options|domain public\.word: without a default)$/, reason: 'it has none' },
  { matches: /^table .*: a unique key without the tenant$/, reason: 'app has no right to it, or its rows are of no tenant' },
  { matches: /^table .*: a foreign key that pairs the tenants$/, reason: 'it leads to rows of the same tenant' },
  {
    matches:
      /^(table|rights of table|tenant column) public\."(Ledger|EventsAside|Events1|Events2|Standings|Given|Asked|Answered|Guarded)": /,
    reason: 'app has no right to it, and where it is given one it is told',
  },
  { matches: /^policy .* tenantry_rows_\w+_insert: expression changed in the catalog$/, reason: 'an insert goes by the other expression' },
  {
    matches: /^function (public\.(note|state)|tenantry(_watch)?\.\w+)\(.*\): taken from app$/,
    reason: 'it had no right of its own to it: who watches and who captures call it, or everybody may',
  },
  {
    matches: /^function public\.(add_any|add_own|compared|guarded|is_foreign|is_other|noted_text|pair|told_of)\(.*\): taken from app$/,
    reason: 'it has no right of its own to it: it comes to it by what calls it, or as everybody may',
  },
  {
    matches: /^function tenantry\.enter\w*\(.*\): granted to app, with the rights of its definer$/,
    reason: 'it is so',
  },
  {
    matches: /^function (tenantry(_watch)?\.\w+\(.*\): with the rights of its owner|tenantry\.encoded_key\(.*\): immutable)$/,
    reason: 'it is so, or it is told, as every change of these functions is',
  },
  {
    matches: /^function tenantry\.may_be_captured\(\): granted to everybody$/,
    reason: 'everybody has it: triggers ask it as whoever writes',
  },
  { matches: /^rights of table .*: grant /, reason: 'the role has it' },
  { matches: /^rights of table (public\."[^"]+"|tenantry\S*): revoke all from (app|its owner)$/, reason: 'nobody has more by it' },
  {
    matches: /^tenant column .*: (without a default|that may be null|with other statistics|of another type)$/,
    reason: 'the policy asks for the tenant of every row',
  },
  { matches: /^view public\."(Everything|Told)": /, reason: 'app may not read it, and where it may it is told' },
  { matches: /^view .*: (a comment|a barrier|drop|granted to app)$/, reason: 'it shows no more, or is granted already' },
  { matches: /^sequence .*: (grant usage to tenantry_app|in cycles|begun again|drop)$/, reason: 'numbers, of which app has what it had' },
  {
    matches:
      /^function .*: (cheap|dear|a comment|made again as it was|with the rights of the caller|without settings|volatile|parallel safe|parallel unsafe|granted to app|granted to reports)$/,
    reason: 'it does what it did, with no more rights',
  },
  {
    matches: /^unique key .*: (drop|renamed|not unique in the catalog|a comment)$/,
    reason: 'who sees which row stays as it was; where tenants could tell from it that there are others, it is told',
  },
  {
    matches:
      /^foreign key .*: (made again (on delete cascade|on update cascade|on delete set null .*|not valid)|deferred|off in the catalog|renamed|drop|a comment)$/,
    reason: 'it leads to rows of the same tenant, or nowhere',
  },
  {
    matches: /^function public\.(every_blog|keep_copy)\(/,
    reason: 'app may not call it, and nothing that app may calls it; what does is told',
  },
  {
    matches: /^domain public\.word: (without its check|not null|renamed|drop)$/,
    reason: 'it calls nothing, and what it gives by itself is told',
  },
  {
    matches: /^(domain|type|operator|operator class|aggregate) .*: a comment$/,
    reason: 'it does what it did',
  },
  {
    matches: /^(cast|foreign server|foreign table) .*: (of another version|a column more|taken from app|a comment)$/,
    reason: 'what it shows, and to whom, stays as it was',
  },
  { matches: /^new .*: a wrapper for foreign data$/, reason: 'app may make no table anywhere, and a server that it makes is told' },
  { matches: /^language (c|internal): /, reason: 'only a superuser writes functions in it' },
  {
    matches: /^language .*: (granted to app|granted to everybody|taken from everybody|trusted in the catalog|renamed|owned by app)$/,
    reason: 'it is so, or what it changes is told',
  },
  {
    matches: /^role shop_(admin|mover|reports): /,
    reason: 'what these logins may is not what tenants may, and the probes try that of reports',
  },
  {
    matches:
      /^role shop_app: (no member of .*|login|nologin|inherit|noinherit|connection limit 3|password 'x'|valid until '2000-01-01'|createdb|member of another without a right|member of (shop_app|tenantry_app))$/,
    reason: 'the login has no more by it',
  },
  { matches: /^role tenantry_\w+: /, reason: 'a group to which no login of app belongs, or a right that it has' },
  { matches: /^schema .*: grant usage to /, reason: 'it has it, or there is nothing there to which it has a right' },
  {
    matches: /^database .*: (grant connect to (tenantry_app|public)|at most so many connections|a template|a comment)$/,
    reason: 'whoever connects is somebody whose rights are known',
  },
  {
    matches:
      /^new .*: a (role|login of app|schema|table|table with a tenant|domain|type|large object|part of a partitioned table|part taken off|part put on)$/,
    reason: 'nobody of app has a right to it, or one like others',
  },
  {
    matches: /^new .*: (a subscription|a publication of all tables)$/,
    reason: 'rows go out to whoever may replicate, and come in as their owner writes them',
  },
  {
    matches: /^new .*: (a transform or conversion|rights of a tablespace|statistics of several columns|a rule on the settings)$/,
    reason: 'no row is shown by it',
  },
  {
    matches:
      /^kept row .*: (the gate closed|the parts of what was accepted gone|no change noted|no columns of tenants known|another model|no model|a permission|a mapping offline|a mapping more|another version|another identity)$/,
    reason: 'what was accepted is signed as a whole, and what is told by these is less',
  },
];

/**
 * What leaks and is no matter of the catalog: rows of the local shard map, which admin writes. `tenantry doctor` compares them with the
 * catalog's.
 */
export const ofTheShardMap = /^kept row in the database: (another's token made (known|one's own)|a mapping of (every|another's) key)$/;

/** Why it does no harm; undefined: it is not listed. */
export function reasonOf(mutation: Mutation): string | undefined {
  const name = nameOf(mutation);
  return harmless.find(({ matches }) => matches.test(name))?.reason;
}

/** Whether no event trigger fires for it, or it is they that are changed: the next connection is refused. */
export function unseenByTriggers(mutation: Mutation): boolean {
  return (
    ['role', 'role of the server', 'database', 'event trigger', 'kept row'].includes(mutation.kind) ||
    /\bupdate pg_|on parameter|create role|grant .* to way|change_log disable trigger|drop trigger judged/.test(mutation.statement)
  );
}
