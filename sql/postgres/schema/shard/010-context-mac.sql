-- The tenant of the running transaction, in an ordinary setting and with a code (HMAC-SHA256) that only the shard can make: app can
-- change it, and whatever app makes of it is no tenant. The code is of this very transaction, so one that was seen is good for nothing
-- later, or elsewhere. For servers whose owner may not grant the guarded setting: docs/decisions/018-context-with-a-code.md.

-- The key as HMAC uses it, combined with its two constants. It never leaves this table, which app cannot read; two shards have two.
create table tenantry.context_key (
  only_row boolean primary key default true check (only_row),
  inner_pad bytea not null check (octet_length(inner_pad) = 64),
  outer_pad bytea not null check (octet_length(outer_pad) = 64)
);
insert into tenantry.context_key (inner_pad, outer_pad)
select decode(string_agg(lpad(to_hex(get_byte(k.key, i) # 54), 2, '0'), '' order by i), 'hex'),
  decode(string_agg(lpad(to_hex(get_byte(k.key, i) # 92), 2, '0'), '' order by i), 'hex')
from (
  -- Of each of them 122 bits are random.
  select decode(string_agg(replace(gen_random_uuid()::text, '-', ''), ''), 'hex') as key from generate_series(1, 4)
) k
cross join generate_series(0, 63) i;
grant select on tenantry.context_key to tenantry_definer;

-- The code of a context in this transaction of this session. Not in parallel workers, which have other process ids.
create function tenantry.context_code(inner_pad bytea, outer_pad bytea, context text) returns text
language sql stable parallel restricted
begin atomic
  select pg_catalog.encode(
    pg_catalog.sha256(outer_pad || pg_catalog.sha256(
      inner_pad
      || pg_catalog.int4send(pg_catalog.pg_backend_pid())
      || pg_catalog.timestamptz_send(pg_catalog.transaction_timestamp())
      || pg_catalog.convert_to(context, 'UTF8'))),
    'hex');
end;

create function tenantry.set_context(context text) returns text
language sql volatile
begin atomic
  select pg_catalog.set_config('tenantry.context', tenantry.context_code(k.inner_pad, k.outer_pad, context) || context, true)
  from tenantry.context_key k;
end;

-- `tenantry_x` and the encoded key in hex, behind `captured_` while the mapping is captured; null where no tenant has entered, and where the setting is not what `enter` made it in this
-- transaction. With the rights of its owner, who may read the key.
create function tenantry.context() returns text
language sql stable parallel restricted security definer
begin atomic
  select pg_catalog.substr(g.setting, 65)
  from pg_catalog.current_setting('tenantry.context', true) g (setting), tenantry.context_key k
  where pg_catalog.substr(g.setting, 1, 64) = tenantry.context_code(k.inner_pad, k.outer_pad, pg_catalog.substr(g.setting, 65));
end;
revoke execute on function tenantry.context_code(bytea, bytea, text), tenantry.context() from public;
grant execute on function tenantry.context_code(bytea, bytea, text) to tenantry_definer;
alter function tenantry.context() owner to tenantry_definer;

-- Whether what is written now may be of a mapping that is captured. Asked for each row, by the triggers of 055-capture.sql alone: not of
-- what a tenant does whose mapping is not, unless a routine or a foreign key does it for him with somebody else's rights.
-- The code is not looked at, which would cost each row more than all else: no statement can change the setting while it writes, and after a
-- change it writes nothing.
create function tenantry.may_be_captured() returns boolean
language plpgsql stable
as $$
begin
  return not pg_catalog.starts_with(pg_catalog.substr(coalesce(pg_catalog.current_setting('tenantry.context', true), ''), 65), 'tenantry_') or current_user operator(pg_catalog.<>) session_user;
end
$$;
