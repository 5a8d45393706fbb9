-- Lets the tenants of a rehearsal in where the gate lets nobody in, closed or at its end; it is undone with the rehearsal.
UPDATE [tenantry].[gate] SET [open] = 1, [accepted_until] = NULL WHERE [open] = 0 OR [accepted_until] <= SYSUTCDATETIME();
