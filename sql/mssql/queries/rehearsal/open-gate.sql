-- Lets the tenants of a rehearsal in where the gate is closed; it is undone with the rehearsal.
UPDATE [tenantry].[gate] SET [open] = 1 WHERE [open] = 0;
