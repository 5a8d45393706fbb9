-- The newest generation of each operation that touched this shard: a runner stamps its own before anything else, and an
-- older one is refused, so a runner that was thought dead can do no harm.
create table tenantry.operation_fence (
  operation_id uuid primary key,
  generation bigint not null check (generation > 0)
);
