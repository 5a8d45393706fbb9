-- No row where a newer generation is stamped already.
-- @operationId uuid
-- @generation bigint
insert into tenantry.operation_fence as f (operation_id, generation)
values (@operationId, @generation)
on conflict (operation_id) do update
  set generation = excluded.generation
  where f.generation <= excluded.generation
returning f.generation;
