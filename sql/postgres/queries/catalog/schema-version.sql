-- No row where the database has no schema of Tenantry.
select v.version
from tenantry.schema_version v;
