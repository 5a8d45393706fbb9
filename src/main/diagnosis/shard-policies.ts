import type { Finding } from '../../cli/services.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Help } from '../../core/help.ts';
import type { Row, SqlDatabase } from '../../core/session.ts';
import { visible } from '../../core/visible.ts';
import { applyPolicies } from '../../policy/apply.ts';
import { findingCatalogue } from '../../policy/finding-catalogue.ts';
import type { FindingKind } from '../../policy/finding-kinds/finding-kind.ts';
import type { PolicyChange, PolicyFinding } from '../../policy/model.ts';
import { engineOf } from '../engines.ts';
import { wantedPolicies } from '../policies/wanted.ts';
import { diagnoseDrift, diagnoseIdleDrift } from './drift.ts';
import { failure, problem, warning } from './finding.ts';
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
      ...(unaccepted.length === 0 ? [] : [problem(subject, await described(admin, unaccepted), { remedy: apply })]),
      ...(pending.length === 0
        ? []
        : [problem(subject, `The protection of ${visible(pending.join(', '))} is not what the configuration says.`, { remedy: apply })]),
      ...changes
        .filter(({ kind }) => kind === 'renew')
        .map(({ before, after }) => warning(subject, `What protects its tenants is ${before}, and is to be ${after}.`, { remedy: apply })),
      ...diagnoseDrift(subject, drift, apply, now()),
      ...diagnoseIdleDrift(subject, settings, shard.name, drift, now()),
      ...warnings.map((found) => policyWarning(subject, found, apply)),
    ];
    return { findings, tellUnaccepted: unaccepted.length > 0 };
  } catch (error) {
    const isUnfit = error instanceof TenantryError && error.code === 'INVALID_CONFIGURATION';
    if (!isUnfit) return { findings: [failure(subject, error, { remedy: apply })], tellUnaccepted: false };
    const found = failure(subject, error, { advice: `mend each of these, then run ${apply}` });
    const changed = await closingChanges(admin);
    if (changed === undefined) return { findings: [found], tellUnaccepted: false };
    return { findings: [{ ...found, text: `${found.text}\nIt may serve no tenants. ${changed}` }], tellUnaccepted: true };
  }
}

function policyWarning(subject: string, found: PolicyFinding, apply: string): Finding {
  const { code, severity, object, text } = found;
  return { subject, level: 'warning', code, severity, text: visible(`${object}: ${text}`), ...helpWithFinding(found, apply) };
}

/** What mends most findings is a change of the protection, which nobody has accepted yet. */
function helpWithFinding({ code, remedy, advice = findingCatalogue[code].remedy }: PolicyFinding, apply: string): Help {
  const { closes = true }: FindingKind = findingCatalogue[code];
  if (!closes) return remedy === undefined ? { advice } : { remedy };
  if (remedy !== undefined) return { remedy, advice: `then run ${apply}, before which the shard may serve no tenants` };
  return { advice: `${advice}; then run ${apply}, before which the shard may serve no tenants` };
}

/** What would be accepted, and whose changes closed the gate. */
async function described(admin: SqlDatabase, unaccepted: readonly PolicyChange[]): Promise<string> {
  const objects = unaccepted.slice(0, mostNames).map(({ item, before }) => (before === null ? item : `${item} (${before})`));
  const more = unaccepted.length > mostNames ? ` and ${unaccepted.length - mostNames} more` : '';
  return `It may serve no tenants. Not accepted: ${visible(objects.join(', '))}${more}. ${(await closingChanges(admin)) ?? 'No change was noted that closed its gate.'}`;
}

/** Whose changes closed the gate, and left it so: nobody is named who did something else. */
async function closingChanges(admin: SqlDatabase): Promise<string | undefined> {
  const { rows } = await admin.run<Row & ClosingChange>('policy/closing-changes', { limit: mostChanges });
  const changes = rows.map(
    ({ changedAt, login, command, object }) => `${command}${object === null ? '' : ` ${object}`} by ${login} at ${changedAt}`,
  );
  return changes.length === 0 ? undefined : visible(`Changed: ${changes.join('; ')}.`);
}
