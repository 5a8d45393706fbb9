-- Which server's catalog this is, and which one answers.
select s.incarnation as "recorded", coalesce(tenantry.server_incarnation(), 'a server in recovery') as "present"
from tenantry.catalog_server s;
