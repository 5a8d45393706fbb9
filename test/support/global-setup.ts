import { requiredNeeds } from './needs.ts';
import { postgresTemplate } from './servers/postgres-template.ts';
import { keepServersInMemory } from './servers/server-directory.ts';

/** Before any test: refuses a TENANTRY_TEST_REQUIRE it does not know, and makes the data directory that all servers are copied from. */
export default async function setUp(): Promise<void> {
  requiredNeeds();
  keepServersInMemory();
  await postgresTemplate();
}
