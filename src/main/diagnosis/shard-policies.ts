import type { Finding } from '../../cli/services.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlDatabase } from '../../core/session.ts';
import { applyPolicies } from '../../policy/apply.ts';
import { whatHelps } from '../../policy/findings.ts';
import type { PolicyChange } from '../../policy/model.ts';
import { engineOf } from '../engines.ts';
import { wantedPolicies } from '../wanted-policies.ts';
import { diagnoseDrift, diagnoseIdleDrift } from './drift.ts';
import { failure, warning } from './finding.ts';
import type { ShardDiagnosis } from './shard-look.ts';

/** Names, and changes, in one text. */
const mostNames = 12;
const mostChanges = 5;

/** A change that the shard noted, after which it served no tenants. */
interface ClosingChange {
  readonly changedAt: string;
  readonly login: string;
  readonly command: string;
  readonly object: string | null;
}

/** What was found of a shard's policies. */
interface DiagnosedPolicies {
  readonly findings: readonly Finding[];
  /** Whether they say what is there that nobody accepted. */
  readonly tellUnaccepted: boolean;
}

/** The policies of the routed tables, by what `policy apply` would change. */
export async function diagnosePolicies(
  { engines, settings, shard, map, now }: ShardDiagnosis,
  admin: SqlDatabase,
): Promise<DiagnosedPolicies> {
  const subject = `shard ${shard.name}`;
  const apply = `tenantry policy apply --shard ${shard.name}`;
  try {
    const { changes, warnings, drift } = await applyPolicies(admin, engineOf(engines, shard.address), {
      ...wantedPolicies(settings, shard, map),
      dryRun: true,
    });
    const pending = [...new Set(changes.flatMap(({ object }) => object ?? []))];
    const unaccepted = changes.filter(({ kind }) => kind === 'accept');
    const findings = [
      ...(unaccepted.length === 0 ? [] : [{ subject, level: 'problem' as const, text: await described(admin, unaccepted), remedy: apply }]),
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
      ...changes
        .filter(({ kind }) => kind === 'renew')
        .map(({ before, after }) => warning(subject, `What protects its tenants is ${before}, and is to be ${after}.`, apply)),
      ...diagnoseDrift(subject, drift, apply, now()),
      ...diagnoseIdleDrift(subject, settings, shard.name, drift, now()),
      ...warnings.map(({ object, text, remedy = apply, advice }): Finding =>
        warning(subject, `${object}: ${text}${whatHelps({ advice })}`, remedy),
      ),
    ];
    return { findings, tellUnaccepted: unaccepted.length > 0 };
  } catch (error) {
    const found = failure(subject, error, apply);
    const isUnfit = error instanceof TenantryError && error.code === 'INVALID_CONFIGURATION';
    return { findings: [isUnfit ? { ...found, text: `${found.text}\nMend that first.` } : found], tellUnaccepted: false };
  }
}

/** What would be accepted, and whose changes closed the gate: nobody is named who did something else. */
async function described(admin: SqlDatabase, unaccepted: readonly PolicyChange[]): Promise<string> {
  const objects = unaccepted.slice(0, mostNames).map(({ item, before }) => (before === null ? item : `${item} (${before})`));
  const more = unaccepted.length > mostNames ? ` and ${unaccepted.length - mostNames} more` : '';
  const { rows } = await admin.run<Row & ClosingChange>('policy/closing-changes', { limit: mostChanges });
  const changes = rows.map(
    ({ changedAt, login, command, object }) => `${command}${object === null ? '' : ` ${object}`} by ${login} at ${changedAt}`,
  );
  const lately = changes.length === 0 ? 'No change was noted that closed its gate.' : `Changed: ${changes.join('; ')}.`;
  return `It may serve no tenants. Not accepted: ${objects.join(', ')}${more}. ${lately}`;
}
