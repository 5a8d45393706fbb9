-- How the changes are kept that a move of a tenant follows: no row where all is well. Triggers of the move itself keep them, so nothing of
-- the database can keep them too short or not for every table.
select null::text as "text", null::text as "remedy", null::text as "advice"
where false;
