import type { Finding } from '../../cli/services.ts';
import type { Settings } from '../../config.ts';
import type { AcceptedDrift } from '../../core/accepted-drift.ts';
import { warning } from './finding.ts';

/** How long before the end of what is accepted it is warned of. */
const weekMs = 7 * 86_400_000;

/** Entries of the configuration that come to nothing: their time is over, or there is no such shard. */
export function diagnoseDriftEntries({ drift }: Settings, shards: readonly { readonly name: string }[], now: Date): Finding[] {
  const known = new Set(shards.map(({ name }) => name));
  return drift.flatMap(({ shards: named, object, until, untilMs }, index) => {
    const unknown = named === '*' ? [] : named.filter((name) => !known.has(name));
    const subject = `configuration, drift[${index}]`;
    return [
      ...(untilMs > now.getTime()
        ? []
        : [
            warning(subject, `The time of ${object} was over with ${until}: it is no accepted drift any more.`, {
              advice: 'take the entry away, or renew it',
            }),
          ]),
      ...(unknown.length === 0 ? [] : [warning(subject, `The map has no shard ${unknown.join(', ')}.`, { remedy: 'tenantry shard list' })]),
    ];
  });
}

/** Entries that name a shard of which nothing that they name differs: `present` is what does. */
export function diagnoseIdleDrift(
  subject: string,
  { drift }: Pick<Settings, 'drift'>,
  shard: string,
  present: readonly AcceptedDrift[],
  now: Date,
): Finding[] {
  const there = new Set(present.map(({ object }) => object));
  return drift.flatMap(({ shards, object, untilMs }, index) =>
    shards === '*' || !shards.includes(shard) || untilMs <= now.getTime() || there.has(object)
      ? []
      : [
          warning(subject, `It has no ${object} that differs: drift[${index}] of the configuration comes to nothing on it.`, {
            advice: 'take the entry away, or name the object as policy apply --dry-run prints it',
          }),
        ],
  );
}

/** What stays on a shard as it is, until when, and why. */
export function diagnoseDrift(subject: string, present: readonly AcceptedDrift[], apply: string, now: Date): Finding[] {
  return present.map(({ object, reason, untilMs }): Finding => {
    const text = `${object} may stay as it is until ${new Date(untilMs).toISOString()}: ${reason}`;
    if (untilMs - now.getTime() > weekMs) return { subject, level: 'ok', text };
    return warning(subject, `${text}. Then it may serve no tenants.`, {
      advice: `take the drift away and its entry, or renew the entry, then run ${apply}`,
    });
  });
}
