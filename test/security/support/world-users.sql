-- Beside the policies of tenants: each user's own rows, and all of them for auditors.
create policy own on "Diaries" as restrictive for all to tenantry_app
  using ("Owner" = (select tenantry.context_value('userId')) or 'auditor' = any ((select tenantry.context_list('roles'))::text[]));
