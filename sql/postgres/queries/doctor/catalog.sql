-- What of the catalog's database endangers the shard map: no row where all is well.
select s."level", s."text", s."remedy", s."advice"
from (values
  (current_setting('synchronous_commit') = 'off', 'problem',
    'Commits are acknowledged before they are on the disk (synchronous_commit is off): a crash loses changes that shards have followed already',
    format('alter database %I set synchronous_commit = on', current_database()), null),
  (current_setting('zero_damaged_pages') = 'on', 'problem', 'Damaged pages are emptied without a word (zero_damaged_pages is on): mappings vanish',
    format('alter database %I set zero_damaged_pages = off', current_database()), null)
) as s ("applies", "level", "text", "remedy", "advice")
where s."applies";
