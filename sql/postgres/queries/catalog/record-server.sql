-- No row where another one was recorded since, or answers now.
-- @from text
-- @to text
update tenantry.catalog_server
set incarnation = @to, recorded_at = clock_timestamp()
where incarnation = @from and tenantry.server_incarnation() = @to;
