import type { AcceptedDrift } from '../core/accepted-drift.ts';
import { TenantryError } from '../core/errors.ts';
import { visible } from '../core/visible.ts';
import { whatHelps } from './findings.ts';
import type { PolicyChange, PolicyFinding } from './model.ts';

/** Findings, each leak with the end of the drift that accepts it; `drift` is what is in force and there: an entry of it ends what is accepted. */
export function withAcceptedLeaks(found: readonly PolicyFinding[], drift: readonly AcceptedDrift[]): PolicyFinding[] {
  const endOf = new Map(drift.map(({ object, untilMs }) => [object, untilMs]));
  return found.map((each) => {
    const untilMs = each.severity === 'leak' && each.drift !== undefined ? endOf.get(each.drift) : undefined;
    return untilMs === undefined ? each : { ...each, acceptedUntil: new Date(untilMs).toISOString() };
  });
}

/** What shows rows to, or lets them be changed by, somebody they do not belong to, and no drift accepts. */
export function unacceptedLeaks(found: readonly PolicyFinding[]): PolicyFinding[] {
  return found.filter(({ severity, acceptedUntil }) => severity === 'leak' && acceptedUntil === undefined);
}

/** How a leak is accepted, as the end of a sentence. */
export function acceptanceOfLeak({ drift }: PolicyFinding): string {
  return drift === undefined ? 'it cannot be accepted' : `to accept it until a day, name it in an entry of drift: ${drift}`;
}

/**
 * Leaks that `changes` would sign, though no drift accepts them: something is accepted as it is, or for another time. A change of what is
 * set alone leaves what was accepted before to `policy verify` (docs/decisions/028-leaks-that-nobody-accepted.md).
 */
export function leaksToSign(changes: readonly PolicyChange[], found: readonly PolicyFinding[]): PolicyFinding[] {
  return changes.some(({ of }) => of === 'shard') ? unacceptedLeaks(found) : [];
}

/** Throws CONFLICT where such leaks are among what is found. */
export function refuseLeaks(changes: readonly PolicyChange[], found: readonly PolicyFinding[]): void {
  const leaks = leaksToSign(changes, found);
  if (leaks.length === 0) return;
  const list = leaks.map((each) => visible(`${each.object} ${each.text}${whatHelps(each)}; ${acceptanceOfLeak(each)}`));
  throw new TenantryError('CONFLICT', `What leaks is not accepted, and nothing was changed:\n- ${list.join('\n- ')}`);
}
