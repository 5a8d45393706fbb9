-- Which server this is, as far as what it can do depends on it; editions and levels of compatibility are SQL Server's. A parallel
-- worker has the settings of its session, the tenant among them. Changes are followed by triggers, for which nothing has to be switched on.
select current_setting('server_version_num')::integer / 10000 as "major", null::integer as "edition", null::integer as "compatibility",
  true as "serialPlans", true as "changeTracking";
