import { fileURLToPath } from 'node:url';
import { requiredNeeds } from './needs.ts';
import { postgresTemplate } from './servers/postgres-template.ts';
import { keepServersInMemory } from './servers/server-directory.ts';

/** Before any test: refuses a TENANTRY_TEST_REQUIRE it does not know, and makes the data directory that all servers are copied from. */
export default async function setUp(): Promise<void> {
  requiredNeeds();
  // The program, which suites start as a process of its own, is up in half the time where its compiled code is kept.
  process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url));
  keepServersInMemory();
  await postgresTemplate();
}
