import type { Finding } from '../../cli/services.ts';
import { protectsAtLeast, type ContextProtection } from '../../core/context-protection.ts';
import type { Help } from '../../core/help.ts';
import type { SqlDatabase } from '../../core/session.ts';
import { shardTimeMs } from '../../policy/shard-time.ts';
import { danger, type DatabaseDanger } from './finding.ts';
import type { ShardDiagnosis } from './shard-look.ts';

/** More than this between a server's clock and ours makes logs hard to compare and tokens seem early or late. */
const clockToleranceMs = 2_000;
const clockHelp: Help = { remedy: 'timedatectl', advice: 'on both machines: each must follow a time server' };

/** The server and its database: what endangers rows, the clock, how the context is protected. */
export async function diagnoseServer({ settings, shard, now }: ShardDiagnosis, admin: SqlDatabase): Promise<Finding[]> {
  const subject = `shard ${shard.name}`;
  const before = now().getTime();
  const timeMs = await shardTimeMs(admin);
  const after = now().getTime();
  const [schema] = (await admin.run<{ contextProtection: ContextProtection | null }>('policy/shard-schema')).rows;
  const { rows: dangers } = await admin.run<DatabaseDanger>('doctor/server');
  const findings = dangers.map((row) => danger(subject, row));
  if (schema === undefined) return findings;
  const differenceMs = Math.max(before - timeMs, timeMs - after, 0);
  if (differenceMs > clockToleranceMs)
    findings.push({
      subject,
      level: 'warning',
      text: `Its clock differs from this machine's by ${Math.round(differenceMs / 1_000)} s.`,
      ...clockHelp,
    });
  findings.push(contextFinding(subject, schema.contextProtection, settings.contextProtection));
  return findings;
}

/** How the tenant of a transaction is kept, and whether that is enough. */
function contextFinding(subject: string, found: ContextProtection | null, wanted: ContextProtection): Finding {
  if (found !== null && protectsAtLeast(found, wanted)) return { subject, level: 'ok', text: `Its context protection is ${found}.` };
  const text = `Its context protection is ${found ?? 'missing'}; the configuration says ${wanted}.`;
  return {
    subject,
    level: 'problem',
    text,
    advice: `set contextProtection: '${found ?? wanted}', or add another database as a shard: this one keeps its form`,
  };
}
