-- Lets the tenants of a rehearsal in where the gate lets nobody in, closed or at its end; it is undone with the rehearsal. Not where an
-- override does: whoever changes the row keeps out all tenants until he ends.
UPDATE [tenantry].[gate] SET [open] = 1, [accepted_until] = NULL WHERE ([open] = 0 OR [accepted_until] <= SYSUTCDATETIME()) AND ([override_until] IS NULL OR [override_until] <= SYSUTCDATETIME());
