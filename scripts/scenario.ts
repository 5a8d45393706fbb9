import { tellElastic } from './scenario/elastic/tell.ts';
import { tell, type Narrator } from './scenario/narrator.ts';
import { tellOrganisations } from './scenario/organisations/tell.ts';
import { tellRlsAsCode } from './scenario/rls-as-code/tell.ts';
import { tellRoles } from './scenario/roles/tell.ts';
import { tellSecureApi } from './scenario/secure-api/tell.ts';

// The stories of the documents that Tenantry is modelled on, each with its outcome checked sentence by sentence.
const scenarios: Readonly<Record<string, (narrator: Narrator) => Promise<void>>> = {
  elastic: (narrator) => tellElastic(narrator, { laterTable: true, atTheEnd: async () => undefined }),
  organisations: tellOrganisations,
  'rls-as-code': tellRlsAsCode,
  roles: tellRoles,
  'secure-api': tellSecureApi,
};

const [name = ''] = process.argv.slice(2);
const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
if (scenario === undefined) {
  process.stderr.write(`error: the name of a scenario is needed, one of ${Object.keys(scenarios).join(', ')}\n`);
  process.exitCode = 1;
} else {
  await tell(async (narrator) => {
    await scenario(narrator);
    process.stdout.write(`\n${name}: ${narrator.checked} statements checked, all as told.\n`);
  });
}
