import type { SqlSession } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';

/** An object of the live catalog, named as statements name it. */
export interface LiveObject {
  readonly object: string;
}

export interface LiveTable extends LiveObject {
  readonly own: boolean;
  readonly tenant: boolean;
  /** A column of text; null where there is none. */
  readonly column: string;
}

export interface LivePolicy extends LiveObject {
  readonly name: string;
  readonly table: string;
  /** `for all to tenantry_app using (…) with check (…)`. */
  readonly rest: string;
  readonly command: string;
  readonly role: string;
  readonly permissive: boolean;
  readonly using: string | null;
  readonly check: string | null;
  /** Another column than the tenant's. */
  readonly other: string;
}

export interface LiveFunction extends LiveObject {
  /** `create or replace function …` as it is. */
  readonly definition: string;
  readonly definer: boolean;
  readonly isTrigger: boolean;
  readonly result: string;
}

/** What belongs to a table: a trigger, a rule, a constraint. */
export interface LivePart extends LiveObject {
  readonly name: string;
  readonly table: string;
}

export interface LiveForeignTable extends LiveObject {
  /** Its first column. */
  readonly column: string;
}

export interface LiveCast extends LiveObject {
  /** Its function, with types. */
  readonly by: string;
}

export interface LiveOperator extends LiveObject {
  /** `create operator …` with another's function in place of its own. */
  readonly exchanged: string;
  /** Its function, with types. */
  readonly by: string;
  readonly result: string;
  /** Another of the same types, as `operator(…)` names it. */
  readonly other: string;
}

export interface LiveAggregate extends LiveObject {
  /** `sfunc = …, stype = …` */
  readonly definition: string;
  /** The function of another of the same types. */
  readonly other: string;
  readonly stateType: string;
}

export interface LiveOperatorClass extends LiveObject {
  /** Its first function, with types. */
  readonly by: string;
}

/** What of a shard a mutation may change. */
export interface LiveObjects {
  readonly tables: readonly LiveTable[];
  readonly policies: readonly LivePolicy[];
  readonly functions: readonly LiveFunction[];
  readonly triggers: readonly LivePart[];
  readonly rules: readonly LivePart[];
  readonly uniqueKeys: readonly LivePart[];
  readonly foreignKeys: readonly LivePart[];
  readonly casts: readonly LiveCast[];
  readonly domains: readonly LiveObject[];
  readonly types: readonly LiveObject[];
  readonly operators: readonly LiveOperator[];
  readonly operatorClasses: readonly LiveOperatorClass[];
  readonly aggregates: readonly LiveAggregate[];
  readonly foreignServers: readonly LiveObject[];
  readonly userMappings: readonly LiveObject[];
  readonly foreignTables: readonly LiveForeignTable[];
  readonly views: readonly LiveObject[];
  readonly sequences: readonly LiveObject[];
  readonly schemas: readonly LiveObject[];
  readonly roles: readonly LiveObject[];
  readonly eventTriggers: readonly LiveObject[];
  readonly languages: readonly LiveObject[];
  /** Of the server, and not everybody's: `pg_authid`, `pg_read_file(text)`. */
  readonly guardedRelations: readonly LiveObject[];
  readonly guardedFunctions: readonly LiveObject[];
  readonly predefinedRoles: readonly LiveObject[];
}

export async function readLiveObjects(session: SqlSession): Promise<LiveObjects> {
  const read = async <Subject extends object>(text: string): Promise<Subject[]> =>
    (await session.query(sqlText(`${text} order by 1`))).rows as unknown as Subject[];
  const ours = `n.nspname in ('public', 'tenantry', 'tenantry_watch')`;
  const relation = (kinds: string, columns = ''): string =>
    `select format('%I.%I', n.nspname, c.relname) as object${columns} from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${ours} and c.relkind in (${kinds})`;
  const constraint = (which: string): string =>
    `select format('%I on %s', k.conname, k.conrelid::regclass) as object, quote_ident(k.conname) as name, k.conrelid::regclass::text as table
       from pg_constraint k join pg_namespace n on n.oid = k.connamespace where n.nspname = 'public' and k.conparentid = 0 and ${which}`;
  return {
    tables: await read(
      relation(
        `'r', 'p'`,
        `, n.nspname in ('tenantry', 'tenantry_watch') as own, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'TenantId') as tenant,
         (select quote_ident(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.atttypid <> 'text'::regtype, a.attnum limit 1) as column`,
      ),
    ),
    policies: await read(
      `select format('%s %I', p.polrelid::regclass, p.polname) as object, quote_ident(p.polname) as name, p.polrelid::regclass::text as table, p.polpermissive as permissive,
              case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end as command,
              p.polroles[1]::regrole::text as role,
              concat(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') as rest,
              pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check,
              (select quote_ident(a.attname) from pg_attribute a where a.attrelid = p.polrelid and a.attnum > 0 and a.attname <> 'TenantId' and a.atttypid = 'int4'::regtype order by a.attnum limit 1) as other
         from pg_policy p`,
    ),
    functions: await read(
      `select format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) as object, pg_get_functiondef(p.oid) as definition, p.prosecdef as definer, format_type(p.prorettype, null) as result,
              p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as "isTrigger"
         from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.prokind <> 'a' and n.nspname in ('public', 'tenantry', 'tenantry_watch')`,
    ),
    triggers: await read(
      `select format('%s %I', t.tgrelid::regclass, t.tgname) as object, quote_ident(t.tgname) as name, t.tgrelid::regclass::text as table from pg_trigger t where not t.tgisinternal`,
    ),
    rules: await read(
      `select format('%I on %s', w.rulename, w.ev_class::regclass) as object, quote_ident(w.rulename) as name, w.ev_class::regclass::text as table
         from pg_rewrite w where w.oid >= 16384 and w.rulename <> '_RETURN'`,
    ),
    uniqueKeys: await read(constraint("k.contype in ('p', 'u')")),
    foreignKeys: await read(constraint("k.contype = 'f'")),
    casts: await read(
      `select format('(%s as %s)', t.castsource::regtype, t.casttarget::regtype) as object, t.castfunc::regprocedure::text as by from pg_cast t where t.oid >= 16384`,
    ),
    domains: await read(
      `select format('%I.%I', n.nspname, t.typname) as object from pg_type t join pg_namespace n on n.oid = t.typnamespace where ${ours} and t.typtype = 'd'`,
    ),
    types: await read(
      `select format('%I.%I', n.nspname, t.typname) as object from pg_type t join pg_namespace n on n.oid = t.typnamespace
        where ${ours} and (t.typtype in ('e', 'r') or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))`,
    ),
    operators: await read(
      `select o.oid::regoperator::text as object, o.oprcode::regprocedure::text as by, o.oprresult::regtype::text as result, e.oid::regoperator::text as other,
              format('create operator %I.%s (function = %s, leftarg = %s, rightarg = %s)', n.nspname, o.oprname, e.oprcode, o.oprleft::regtype, o.oprright::regtype) as exchanged
         from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
         join pg_operator e on e.oprnamespace = o.oprnamespace and e.oprleft = o.oprleft and e.oprright = o.oprright and e.oid <> o.oid
        where ${ours}`,
    ),
    operatorClasses: await read(
      `select format('%I.%I using %I', n.nspname, c.opcname, m.amname) as object, f.amproc::regprocedure::text as by
         from pg_opclass c join pg_namespace n on n.oid = c.opcnamespace join pg_am m on m.oid = c.opcmethod
         join pg_amproc f on f.amprocfamily = c.opcfamily and f.amprocnum = 1
        where ${ours}`,
    ),
    aggregates: await read(
      `select p.oid::regprocedure::text as object, format('sfunc = %s, stype = %s', a.aggtransfn, a.aggtranstype::regtype) as definition, e.aggtransfn::text as other,
              a.aggtranstype::regtype::text as "stateType"
         from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid join pg_namespace n on n.oid = p.pronamespace
         join pg_aggregate e on e.aggfnoid <> a.aggfnoid and e.aggtranstype = a.aggtranstype
         join pg_proc o on o.oid = e.aggfnoid and o.pronamespace = p.pronamespace and o.proargtypes = p.proargtypes
        where ${ours}`,
    ),
    foreignServers: await read(`select quote_ident(s.srvname) as object from pg_foreign_server s`),
    userMappings: await read(`select format('for %I server %I', m.usename, m.srvname) as object from pg_user_mappings m`),
    foreignTables: await read(
      relation(`'f'`, `, (select quote_ident(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum = 1) as column`),
    ),
    views: await read(relation(`'v', 'm'`)),
    sequences: await read(relation(`'S'`)),
    schemas: await read(
      `select quote_ident(n.nspname) as object from pg_namespace n where n.nspname in ('public', 'tenantry', 'tenantry_watch')`,
    ),
    roles: await read(`select quote_ident(r.rolname) as object from pg_roles r where r.rolname ~ '^(tenantry|shop)_'`),
    eventTriggers: await read(`select quote_ident(e.evtname) as object from pg_event_trigger e`),
    languages: await read(`select quote_ident(l.lanname) as object from pg_language l`),
    guardedRelations: await read(
      `select c.oid::regclass::text as object from pg_class c where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v') and not has_table_privilege('tenantry_app', c.oid, 'select')`,
    ),
    guardedFunctions: await read(
      `select p.oid::regprocedure::text as object from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and not has_function_privilege('tenantry_app', p.oid, 'execute')`,
    ),
    predefinedRoles: await read(`select quote_ident(r.rolname) as object from pg_roles r where r.rolname like 'pg\\_%'`),
  };
}
