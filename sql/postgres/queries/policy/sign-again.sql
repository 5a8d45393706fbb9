-- Puts other signatures in the place of those that were seen; what is signed stays. No row where it is not so any more.
-- @seen bytea
-- @signature bytea
-- @overrideSeen bytea
-- @overrideSignature bytea
with signed as (
  update tenantry_watch.accepted a set signature = @signature where a.signature = @seen
  returning a.format
), overridden as (
  update tenantry_watch.gate g set override_signature = @overrideSignature
   where g.override_signature = @overrideSeen and exists (select from signed)
)
select s.format as "format" from signed s
