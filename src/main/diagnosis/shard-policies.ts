import type { Finding } from '../../cli/services.ts';
import type { SqlDatabase } from '../../core/session.ts';
import { applyPolicies } from '../../policy/apply.ts';
import { acceptingOn } from '../accepting.ts';
import { engineOf } from '../engines.ts';
import { failure, warning } from './finding.ts';
import type { ShardDiagnosis } from './shard-look.ts';

/** The policies of the routed tables, by what `policy apply` would change. */
export async function diagnosePolicies({ engines, settings, shard, map }: ShardDiagnosis, admin: SqlDatabase): Promise<Finding[]> {
  const subject = `shard ${shard.name}`;
  const apply = `tenantry policy apply --shard ${shard.name}`;
  try {
    const { changes, warnings } = await applyPolicies(admin, engineOf(engines, shard.address), {
      tables: settings.tables,
      capabilities: settings.capabilities,
      keyType: map.keyType,
      accepting: acceptingOn(settings, shard),
      dryRun: true,
    });
    const pending = [...new Set(changes.map(({ table }) => table))];
    return [
      ...(pending.length === 0
        ? []
        : [
            {
              subject,
              level: 'problem' as const,
              text: `The protection of ${pending.join(', ')} is not what the configuration says.`,
              remedy: apply,
            },
          ]),
      ...warnings.map(({ object, text, remedy = apply }): Finding => warning(subject, `${object}: ${text}`, remedy)),
    ];
  } catch (error) {
    // What keeps them from being applied says itself what to run first.
    return [failure(subject, error, apply)];
  }
}
