-- Held to the end of the step: whoever stamps a newer generation waits for the step, or the step finds it.
-- @operationId uuid
select f.generation
from tenantry.operation_fence f
where f.operation_id = @operationId
for update;
