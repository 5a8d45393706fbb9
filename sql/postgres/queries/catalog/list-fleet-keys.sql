-- The oldest first.
select k.name as "name"
from tenantry.fleet_key k
order by k.recorded_at, k.name;
