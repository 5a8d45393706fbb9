import type { Finding } from '../../cli/services.ts';
import { capabilityNames, type CapabilitySettings } from '../../core/capability-settings.ts';
import type { SqlSession } from '../../core/session.ts';
import { detectCapabilities, missingCapabilities, type CapabilitiesOf } from '../../engine/capabilities.ts';
import { warning } from './finding.ts';

/** What keeps a server from having shards, as problems, and what the configuration claims that nothing shows, as warnings. */
export async function diagnoseCapabilities(
  subject: string,
  session: SqlSession,
  capabilitiesOf: CapabilitiesOf,
  settings: CapabilitySettings,
): Promise<Finding[]> {
  const found = await detectCapabilities(session, capabilitiesOf);
  const claimed = capabilityNames.filter((name) => settings[name] === true && !found[name]);
  return [
    ...missingCapabilities(found, settings).map(({ what, remedy }): Finding => {
      return { subject, level: 'problem', text: `The server cannot keep tenants apart: ${what}.`, remedy };
    }),
    ...claimed.map((name) => {
      const text = `Nothing shows that it has ${name}, and the configuration says that it has.`;
      return warning(subject, text, `take capabilities.${name} out of the configuration, unless it is known to be so`);
    }),
  ];
}
