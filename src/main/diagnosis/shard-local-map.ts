import type { Finding } from '../../cli/services.ts';
import { describeDisagreement, type Disagreement } from '../../../shardmap/compare-shard.ts';
import type { Help } from '../../core/help.ts';
import type { ShardDiagnosis } from './shard-look.ts';

/** Disagreements of one shard that are shown; `tenantry recover` shows all. */
const shownDisagreements = 10;

/** The shard's local map beside the catalog; reading ends where enough was found. */
export async function* diagnoseLocalMap({ manager, shard }: ShardDiagnosis): AsyncGenerator<Finding, void, undefined> {
  const problem = { subject: `shard ${shard.name}`, level: 'problem' } as const;
  let shown = 0;
  for await (const disagreement of manager.disagreements(shard)) {
    if (shown === shownDisagreements) {
      yield {
        ...problem,
        remedy: 'tenantry recover',
        text: `Its local map disagrees with the catalog in more than these ${shownDisagreements}.`,
      };
      return;
    }
    shown += 1;
    yield {
      ...problem,
      text: `Its local map disagrees with the catalog, ${describeDisagreement(disagreement)}.`,
      ...helpWith(disagreement),
    };
  }
}

/** What recover shows of a token it shows alone: a change of the mapping makes another. */
function helpWith({ what }: Disagreement): Help {
  if (what !== 'token') return { remedy: 'tenantry recover' };
  return { advice: "take the mapping's tenant, or range, offline and online again: that gives it a token by the configured key" };
}
