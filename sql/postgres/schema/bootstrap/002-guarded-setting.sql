-- The tenant of a transaction is kept in a setting that only superusers and the definer may set (PostgreSQL 15 and later).
grant set on parameter backtrace_functions to tenantry_definer;
