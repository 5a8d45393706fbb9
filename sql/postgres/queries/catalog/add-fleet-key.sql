-- Nothing where it is there.
-- @name text
insert into tenantry.fleet_key (name) values (@name) on conflict do nothing;
