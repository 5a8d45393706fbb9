import { isUntriedAlone, problemText } from '../../../shardmap/verdicts.ts';
import type { Finding } from '../../cli/services.ts';
import { counted } from '../../core/counted.ts';
import { visible } from '../../core/visible.ts';
import { failure, warning } from './finding.ts';
import type { ShardDiagnosis } from './shard-look.ts';

/**
 * What came of the last time that the shard's protection was tried; undefined where nobody has. `accepted` is the fingerprint that is
 * accepted there now, undefined where that is not known.
 */
export async function diagnoseVerdict({ shard, verdicts }: ShardDiagnosis, accepted: string | undefined): Promise<Finding | undefined> {
  const subject = `shard ${shard.name}`;
  const remedy = `tenantry policy verify --shard ${shard.name}`;
  try {
    const verdict = await verdicts.latest(shard.shardId);
    if (verdict === undefined) return undefined;
    const { verifiedAt, verifiedBy, fingerprint, tried, problems, isSigned } = verdict;
    const at = `${new Date(verifiedAt).toISOString()} by ${verifiedBy}`;
    if (!isSigned)
      return {
        subject,
        level: 'problem',
        text: `The verdict on its protection of ${at} is signed by no key of the fleet, and says nothing.`,
        remedy,
      };
    const [first] = problems;
    if (first === undefined && accepted !== undefined && accepted !== fingerprint)
      return warning(subject, `Its protection was tried at ${at}, and held; it was changed since, and accepted as it is now untried.`, {
        remedy,
      });
    if (first === undefined)
      return {
        subject,
        level: 'ok',
        text: `What protected its tenants then was tried at ${at}, ${counted(tried, 'statement')}, and held.`,
      };
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    const told = `${visible(problemText(first))}${more}`;
    if (isUntriedAlone(problems))
      return warning(subject, `When its protection was tried at ${at}, not all of it could be; what could held: ${told}`, {
        advice: `say values that are let through, as sample of the table in the configuration; then run ${remedy}`,
      });
    return { subject, level: 'problem', text: `When its protection was tried at ${at} it did not hold: ${told}`, remedy };
  } catch (error) {
    return failure(subject, error, { remedy });
  }
}
