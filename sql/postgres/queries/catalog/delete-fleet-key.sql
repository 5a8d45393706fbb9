-- @name text
delete from tenantry.fleet_key where name = @name;
