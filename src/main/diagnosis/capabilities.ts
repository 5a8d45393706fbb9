import type { Finding } from '../../cli/services.ts';
import { capabilityNames, type CapabilitySettings } from '../../core/capability-settings.ts';
import { helpOf, type HelpRow } from '../../core/help.ts';
import type { Row, SqlSession } from '../../core/session.ts';
import {
  detectCapabilities,
  forgoneCapabilities,
  missingCapabilities,
  type Capabilities,
  type CapabilitiesOf,
} from '../../engine/capabilities.ts';
import { problem, warning } from './finding.ts';

/** What a database says of itself (`doctor/change-tracking`). */
type ChangeDanger = Row & HelpRow & { readonly text: string };

/**
 * What the server of a shard can do; what keeps it from having shards, as problems; what is done without, and what the configuration
 * claims that nothing shows, as warnings. Of what the configuration does without nothing is demanded.
 */
export async function diagnoseCapabilities(
  subject: string,
  session: SqlSession,
  capabilitiesOf: CapabilitiesOf,
  settings: CapabilitySettings,
): Promise<Finding[]> {
  const found = await detectCapabilities(session, capabilitiesOf);
  const claimed = capabilityNames.filter((name) => settings[name] === true && !found[name]);
  return [
    { subject, level: 'ok', text: overview(found, settings) },
    ...missingCapabilities(found, settings).map(({ what, help }) =>
      problem(subject, `The server cannot keep tenants apart: ${what}.`, help),
    ),
    ...forgoneCapabilities(found, settings).map(({ what, help }) => warning(subject, `${what}.`, help)),
    ...claimed.map((name) => {
      const text = `Nothing shows that it has ${name}, and the configuration says that it has.`;
      return warning(subject, text, { advice: `take capabilities.${name} out of the configuration, unless it is known to be so` });
    }),
    ...(found.changeTracking && settings.changeTracking !== false ? await diagnoseChangeTracking(subject, session) : []),
  ];
}

/** How the changes are kept that a move of a tenant follows. */
async function diagnoseChangeTracking(subject: string, session: SqlSession): Promise<Finding[]> {
  const { rows } = await session.run<ChangeDanger>('doctor/change-tracking');
  return rows.map((row) => warning(subject, `${row.text}.`, helpOf(row)));
}

/** Every capability by its name, and whether the configuration decides. */
function overview(found: Capabilities, settings: CapabilitySettings): string {
  const listed = (able: boolean): string =>
    capabilityNames
      .filter((name) => (settings[name] ?? found[name]) === able)
      .map((name) => (settings[name] === undefined ? name : `${name} (as configured)`))
      .join(', ');
  return [`Its capabilities: ${listed(true) || 'none'}`, listed(false)].filter((part) => part !== '').join('; it lacks ') + '.';
}
