-- What was changed is judged once, when its transaction ends: as it then is, what protects the shard is what was accepted, and the gate
-- is open, or it is not, and the gate is closed with the change. So whoever takes policies away and puts them back, or accepts what he
-- changes, closes nothing. docs/decisions/020-gate-of-a-shard.md. Run when a database is provisioned, as the administrator of its server: whoever
-- changes it has servers provisioned again (docs/decisions/025-who-watches.md).

-- Lets nobody be inside any more: whoever has entered holds the gate's lightest lock to the end of his transaction. Who waits for what this
-- transaction holds is ended by the server as a deadlock's victim, after a second where it was left so, and comes again to a closed gate. Who
-- stays is ended. Others that hold it, such as a dump, are not: then the change is refused, since tenants could come in beside them.
create or replace function tenantry_watch.clear_gate() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '1500ms'
as $$
begin
  for try in 1..5 loop
    begin
      lock table tenantry_watch.gate in access exclusive mode;
      return;
    exception
      when lock_not_available then null;
    end;
    perform pg_terminate_backend(l.pid)
       from pg_locks l
       join pg_stat_activity s on s.pid = l.pid
      where l.database = (select d.oid from pg_database d where d.datname = current_database())
        and l.relation = 'tenantry_watch.gate'::regclass and l.granted and l.mode = 'AccessShareLock' and l.pid <> pg_backend_pid()
        and pg_has_role(s.usesysid, 'tenantry_app', 'usage') and not (select r.rolsuper from pg_roles r where r.oid = s.usesysid);
    perform set_config('lock_timeout', '300ms', true);
  end loop;
  raise exception using errcode = 'lock_not_available',
    message = 'Somebody other than tenants holds tenantry_watch.gate, such as a dump, and the change would close it: nothing was changed, make it when they have ended.';
end
$$;

-- Opens or closes the gate by what protects the shard now; what that came to. One at a time, each seeing what the one before has done.
create or replace function tenantry_watch.judge() returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  was_open boolean;
  -- No override lets tenants in while the gate is closed; now, since the transaction may have begun long before.
  is_over boolean;
  is_accepted boolean;
begin
  perform pg_advisory_xact_lock(1413828161, -1);
  -- Locked, so that who does not see it as it is fails.
  select g.open, coalesce(g.override_until <= clock_timestamp(), true) into was_open, is_over from tenantry_watch.gate g for no key update;
  -- A stricter isolation looks at what was there when it began, and could open the gate over what another has changed since.
  is_accepted := current_setting('transaction_isolation') = 'read committed' and coalesce(
    (select a.fingerprint = tenantry_watch.fingerprint() and coalesce(a.valid_until > clock_timestamp(), true) from tenantry_watch.accepted a), false);
  if was_open = is_accepted then
    return 'same';
  end if;
  if not is_accepted and is_over then
    perform tenantry_watch.clear_gate();
  end if;
  update tenantry_watch.gate set open = is_accepted, changed_at = clock_timestamp();
  return case when is_accepted then 'opened' else 'closed' end;
end
$$;

create or replace function tenantry_watch.judge_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  found_so text;
begin
  -- One for all changes of a transaction that are not judged yet.
  if exists (select from tenantry_watch.change_log c where c.transaction_id = new.transaction_id and c.verdict is null) then
    found_so := tenantry_watch.judge();
    update tenantry_watch.change_log c set verdict = found_so where c.transaction_id = new.transaction_id and c.verdict is null;
    delete from tenantry_watch.change_log c where c.change_id < new.change_id - 10000 and c.verdict is not null;
  end if;
  return null;
end
$$;
-- Whoever opens the gate by hand, as an acceptance does, is judged as well: at the end, or at once where constraints are checked at once.
create or replace function tenantry_watch.judge_opening() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform tenantry_watch.judge();
  return null;
end
$$;
-- Nobody else says until when: what was accepted ends also for whoever has a connection open.
create or replace function tenantry_watch.end_with_acceptance() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update tenantry_watch.gate g set accepted_until = new.valid_until where g.accepted_until is distinct from new.valid_until;
  return null;
end
$$;
-- Before PostgreSQL 18 a deferred trigger runs as whoever commits: its function as its owner all the same.
do $$
declare
  watched record;
begin
  if not exists (select from pg_catalog.pg_trigger where tgrelid = 'tenantry_watch.change_log'::regclass and tgname = 'judged') then
    create constraint trigger judged after insert on tenantry_watch.change_log
      deferrable initially deferred for each row execute function tenantry_watch.judge_change();
  end if;
  if not exists (select from pg_catalog.pg_trigger where tgrelid = 'tenantry_watch.gate'::regclass and tgname = 'judged') then
    create constraint trigger judged after update on tenantry_watch.gate
      deferrable initially deferred for each row when (new.open and not old.open) execute function tenantry_watch.judge_opening();
  end if;
  if not exists (select from pg_catalog.pg_trigger where tgrelid = 'tenantry_watch.accepted'::regclass and tgname = 'ended') then
    create trigger ended after insert or update on tenantry_watch.accepted for each row execute function tenantry_watch.end_with_acceptance();
  end if;
  for watched in
    select t.tgrelid, t.tgname from pg_catalog.pg_trigger t
     where t.tgrelid in ('tenantry_watch.change_log'::regclass, 'tenantry_watch.gate'::regclass, 'tenantry_watch.accepted'::regclass)
       and t.tgname in ('judged', 'ended') and t.tgenabled <> 'A'
  loop
    execute format('alter table %s enable always trigger %I', watched.tgrelid::pg_catalog.regclass, watched.tgname);
  end loop;
end
$$;

-- What it takes to end who stays inside.
grant pg_signal_backend to tenantry_watcher;
grant execute on function pg_catalog.pg_terminate_backend(integer, bigint), pg_catalog.pg_stat_get_activity(integer),
  pg_catalog.pg_advisory_xact_lock(integer, integer), pg_catalog.set_config(text, text, boolean) to tenantry_watcher;
alter function tenantry_watch.end_with_acceptance() owner to tenantry_watcher;
alter function tenantry_watch.clear_gate() owner to tenantry_watcher;
alter function tenantry_watch.judge() owner to tenantry_watcher;
alter function tenantry_watch.judge_change() owner to tenantry_watcher;
alter function tenantry_watch.judge_opening() owner to tenantry_watcher;
