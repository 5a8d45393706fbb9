select cast(nextval('tenantry.mapping_id') as integer) as "mappingId";
