-- Which server's catalog this is, and which one answers; null where that one only follows another.
select s.incarnation as "recorded", tenantry.server_incarnation() as "present"
from tenantry.catalog_server s;
