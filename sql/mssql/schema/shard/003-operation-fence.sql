-- The newest generation of each operation that touched this shard: a runner stamps its own before anything else, and an
-- older one is refused, so a runner that was thought dead can do no harm.
CREATE TABLE [tenantry].[operation_fence] (
  [operation_id] uniqueidentifier NOT NULL CONSTRAINT [operation_fence_key] PRIMARY KEY,
  [generation] bigint NOT NULL CONSTRAINT [operation_fence_generation] CHECK ([generation] > 0)
);
