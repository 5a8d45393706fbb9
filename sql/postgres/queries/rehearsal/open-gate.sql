-- Lets the tenants of a rehearsal in where the gate lets nobody in, closed or at its end; it is undone with the rehearsal.
update tenantry_watch.gate
   set override_until = now() + interval '1 day', override_number = 0, override_signature = decode(repeat('00', 32), 'hex')
 where open_until <= now()
