import type { Finding } from '../../cli/services.ts';
import { capabilityNames, type CapabilitySettings } from '../../core/capability-settings.ts';
import type { SqlSession } from '../../core/session.ts';
import { detectCapabilities, type CapabilitiesOf } from '../../engine/capabilities.ts';
import { warning } from './finding.ts';

/** What the configuration says that a server can do, and what by its own word it cannot. What is missing besides, the gate says. */
export async function diagnoseCapabilities(
  subject: string,
  session: SqlSession,
  capabilitiesOf: CapabilitiesOf,
  settings: CapabilitySettings,
): Promise<Finding[]> {
  const found = await detectCapabilities(session, capabilitiesOf);
  const claimed = capabilityNames.filter((name) => settings[name] === true && !found[name]);
  return claimed.map((name) =>
    warning(
      subject,
      `By its version it lacks ${name}, and the configuration says that it has it.`,
      `take capabilities.${name} out of the configuration`,
    ),
  );
}
