-- What of the server or the database endangers tenants' rows, besides what policies and logins show: no row where all is well.
select s."level", s."text", s."remedy", s."advice"
from (values
  (current_setting('synchronous_commit') = 'off', 'problem', 'Commits are acknowledged before they are on the disk (synchronous_commit is off): a crash loses them',
    format('alter database %I set synchronous_commit = on', current_database()), null),
  (current_setting('zero_damaged_pages') = 'on', 'problem', 'Damaged pages are emptied without a word (zero_damaged_pages is on): rows vanish',
    format('alter database %I set zero_damaged_pages = off', current_database()), null),
  ((select count(*) from pg_catalog.pg_event_trigger e where e.evtname in ('tenantry_changed', 'tenantry_dropped', 'tenantry_made') and e.evtenabled = 'A') < 3, 'warning',
    'Not every trigger that watches its definitions is there and switched on: a change of rights, views or functions may close nothing by itself, and is found by the next sweep (limits.protectionSweepMs)',
    null, 'tenantry shard provision prints SQL that has the event triggers, which a superuser of the server makes')
) as s ("applies", "level", "text", "remedy", "advice")
where s."applies"
union all
-- It has no session any more that could be ended, and outlives a restart of the server.
select 'problem', format('A prepared transaction of the role %I has defined something and not ended since %s: until it does, no tenant is served and no policies are applied',
                         p.owner, to_char(p.prepared at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')),
       format('rollback prepared %L', p.gid), 'its role or a superuser may commit it instead, in this database'
  from pg_catalog.pg_prepared_xacts p
 where p.database = current_database()
   and exists (select from pg_catalog.pg_locks own
                 join pg_catalog.pg_locks held on held.virtualtransaction = own.virtualtransaction
                where own.locktype = 'transactionid' and own.pid is null and own.transactionid = p.transaction
                  and held.relation = 'tenantry_watch.gate'::regclass and held.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database()));
