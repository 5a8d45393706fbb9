import type { Finding } from '../../cli/services.ts';
import type { SqlDatabase } from '../../core/session.ts';
import type { ShardDiagnosis } from './shard-look.ts';

/** More than this between a server's clock and ours makes logs hard to compare and tokens seem early or late. */
const clockToleranceMs = 2_000;
const clockRemedy = 'timedatectl, on both machines: each must follow a time server';

/** The server and its database: what endangers rows, the clock, how the context is protected. */
export async function diagnoseServer({ settings, shard, now }: ShardDiagnosis, admin: SqlDatabase): Promise<Finding[]> {
  const subject = `shard ${shard.name}`;
  const before = now().getTime();
  const [clock] = (await admin.run<{ timeMs: number }>('doctor/clock')).rows;
  const after = now().getTime();
  const [schema] = (await admin.run<{ contextProtection: string | null }>('policy/shard-schema')).rows;
  const { rows: dangers } = await admin.run<{ level: 'warning' | 'problem'; text: string; remedy: string }>('doctor/server');
  const findings = dangers.map(({ level, text, remedy }): Finding => ({ subject, level, text: `${text}.`, remedy }));
  if (clock === undefined || schema === undefined) return findings;
  const differenceMs = Math.max(before - clock.timeMs, clock.timeMs - after, 0);
  if (differenceMs > clockToleranceMs)
    findings.push({
      subject,
      level: 'warning',
      text: `Its clock differs from this machine's by ${Math.round(differenceMs / 1_000)} s.`,
      remedy: clockRemedy,
    });
  if (schema.contextProtection !== settings.contextProtection) {
    const text = `Its context protection is ${schema.contextProtection ?? 'missing'}; the configuration says ${settings.contextProtection}.`;
    findings.push({
      subject,
      level: 'problem',
      text,
      remedy: `set contextProtection: '${schema.contextProtection ?? 'guarded'}', or make the shard anew`,
    });
  }
  return findings;
}
