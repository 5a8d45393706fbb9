-- What the configuration said of each table's rows when its policies were made.
select m.schema_name as "schema", m.table_name as "table", m.model as "model"
  from tenantry.policy_model m
 order by 1, 2
