import type { Finding } from '../../cli/services.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Help } from '../../core/help.ts';
import type { Row, SqlDatabase } from '../../core/session.ts';
import { visible } from '../../core/visible.ts';
import { previewPolicies } from '../../policy/apply.ts';
import { findingCatalogue } from '../../policy/finding-catalogue.ts';
import type { FindingKind } from '../../policy/finding-kinds/finding-kind.ts';
import { acceptanceOfLeak, leaksToSign, unacceptedLeaks } from '../../policy/leaks.ts';
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
    const wanted = wantedPolicies(settings, shard, map);
    const { changes, warnings, drift } = await previewPolicies(admin, engineOf(engines, shard.address), wanted);
    const leaks = unacceptedLeaks(warnings);
    const isRefused = leaksToSign(changes, warnings).length > 0;
    const help: Help = isRefused
      ? { advice: `take away what leaks, or accept it in the configuration, as is said of each; then run ${apply}` }
      : { remedy: apply };
    const pending = [...new Set(changes.flatMap(({ object }) => object ?? []))];
    const unaccepted = changes.filter(({ kind }) => kind === 'accept');
    const findings = [
      ...leaks.map((found) => policyFinding(subject, found, apply)),
      ...(unaccepted.length === 0 ? [] : [problem(subject, await described(admin, unaccepted), help)]),
      ...(pending.length === 0
        ? []
        : [problem(subject, `The protection of ${visible(pending.join(', '))} is not what the configuration says.`, help)]),
      ...changes
        .filter(({ kind }) => kind === 'renew')
        .map(({ before, after }) => warning(subject, `What protects its tenants is ${before}, and is to be ${after}.`, help)),
      ...diagnoseDrift(subject, drift, apply, now()),
      ...diagnoseIdleDrift(subject, settings, shard.name, drift, now()),
      ...warnings.filter((found) => !leaks.includes(found)).map((found) => policyFinding(subject, found, apply)),
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

/** A leak that nobody accepted is a problem. */
function policyFinding(subject: string, found: PolicyFinding, apply: string): Finding {
  const { code, severity, object, text } = found;
  const [leak] = unacceptedLeaks([found]);
  const mended = { subject, code, severity, text: visible(`${object}: ${text}`) };
  if (leak === undefined) return { ...mended, level: 'warning', ...helpWithFinding(found, apply) };
  return { ...mended, level: 'problem', ...helpWithFinding(found, apply, `; ${acceptanceOfLeak(leak)}`) };
}

/** What mends most findings is a change of the protection, which nobody has accepted yet. */
function helpWithFinding({ code, remedy, advice = findingCatalogue[code].remedy }: PolicyFinding, apply: string, more = ''): Help {
  const { closes = true }: FindingKind = findingCatalogue[code];
  if (!closes) return remedy === undefined ? { advice } : { remedy };
  const then = `then run ${apply}, before which the shard may serve no tenants${more}`;
  return remedy === undefined ? { advice: `${advice}; ${then}` } : { remedy, advice: then };
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
