-- Whoever asks for the context is held to the leader of a parallel plan: in a worker, which is another process, no code is right. The
-- functions that ask for it are `safe` where it is in another setting, and the planner goes by what each of them says of itself.
alter function tenantry.current_tenant() parallel restricted;
alter function tenantry.context_values() parallel restricted;
alter function tenantry.context_value(text) parallel restricted;
alter function tenantry.context_holds(text, text) parallel restricted;
alter function tenantry.context_list(text) parallel restricted;
