import { defences } from './defences.ts';
import { describeAttacks, succeeded, type Attack } from './support/attack.ts';
import { rowsOf } from './support/world.ts';

const show =
  (text: string): Attack =>
  (world) =>
    world.asTenant(1, (client) => rowsOf(client, text));
/** The answer itself is the harm, whatever it says. */
const obtain =
  (text: string): Attack =>
  (world) =>
    world.asTenant(1, async (client) => {
      await client.query(text);
      return succeeded;
    });
/** Tenant 2 has run a statement with a literal; tenant 1 looks at what sessions do. */
const watch =
  (text: string): Attack =>
  (world) =>
    world.asTenant(2, async (neighbour) => {
      await neighbour.query(`select 'tenant-2 literal'`);
      return world.asTenant(1, (client) => rowsOf(client, text));
    });

describeAttacks(
  'Learning of another tenant from what the server keeps',
  {
    'the most common values and histograms of a column': show(
      `select most_common_vals::text, histogram_bounds::text from pg_stats where tablename = 'Blogs'`,
    ),
    'the raw statistics': show(`select stavalues1::text, stavalues2::text from pg_statistic where starelid = '"Blogs"'::regclass`),
    'the text of another session’s statement': watch('select query from pg_stat_activity'),
    'the text of another session’s statement, by function': watch(
      'select pg_stat_get_backend_activity(id) from pg_stat_get_backend_idset() id',
    ),
    'the secrets of logins': obtain('select rolpassword from pg_authid'),
    'files of the server': obtain(`select pg_read_file('PG_VERSION')`),
    'programs of the server': obtain(`copy "Blogs" to program 'cat > /dev/null'`),
    'large objects, which have no tenant': async (world) => {
      await world.asTenant(2, (client) => client.query(`select lo_from_bytea(4242, 'tenant-2 large')`));
      return world.asTenant(1, (client) => rowsOf(client, `select convert_from(lo_get(4242), 'UTF8')`));
    },
  },
  defences.statistics,
);
