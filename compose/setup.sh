#!/bin/sh
# Makes the catalog, four shards of two engines, and four tenants. What is there already stays as it is, so it can run again.
set -eu

as_owner_of_postgres() {
  TENANTRY_BOOTSTRAP_USER=postgres TENANTRY_BOOTSTRAP_PASSWORD=$POSTGRES_PASSWORD "$@"
}
as_owner_of_mssql() {
  TENANTRY_BOOTSTRAP_USER=sa TENANTRY_BOOTSTRAP_PASSWORD=$MSSQL_SA_PASSWORD "$@"
}
# listed NAME LIST: whether a line of the list begins with the name.
listed() {
  printf '%s\n' "$2" | cut -f 1 | grep -qx -e "$1"
}

# Where it shows nothing for another reason than that there is no map yet, `create` fails too, and says why.
tenantry map show >/dev/null 2>&1 || tenantry map create

# The certificates of the servers are signed by nobody: --tls require encrypts and does not ask who signed. PostgreSQL's image has none.
shards=$(tenantry shard list)
for shard in mssql-a mssql-b; do
  listed "$shard" "$shards" ||
    as_owner_of_mssql tenantry shard add "$shard" --engine mssql --host "$shard" --database shop --tls require --bootstrap
done
for shard in postgres-a postgres-b; do
  listed "$shard" "$shards" ||
    as_owner_of_postgres tenantry shard add "$shard" --engine postgres --host "$shard" --database shop --tls disable --bootstrap
done
tenantry policy apply

tenants=$(tenantry tenant list)
add_tenant() {
  listed "$1" "$tenants" || tenantry tenant add "$1" --shard "$2"
}
add_tenant 1 mssql-a
add_tenant 2 mssql-b
add_tenant 3 postgres-a
add_tenant 4 postgres-b
