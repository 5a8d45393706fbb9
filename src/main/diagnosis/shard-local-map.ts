import type { Finding } from '../../cli/services.ts';
import { describeDisagreement } from '../../../shardmap/compare-shard.ts';
import type { ShardDiagnosis } from './shard-look.ts';

/** Disagreements of one shard that are shown; `tenantry recover` shows all. */
const shownDisagreements = 10;

/** The shard's local map beside the catalog; reading ends where enough was found. */
export async function* diagnoseLocalMap({ manager, shard }: ShardDiagnosis): AsyncGenerator<Finding, void, undefined> {
  const problem = { subject: `shard ${shard.name}`, level: 'problem', remedy: 'tenantry recover' } as const;
  let shown = 0;
  for await (const disagreement of manager.disagreements(shard)) {
    if (shown === shownDisagreements) {
      yield { ...problem, text: `Its local map disagrees with the catalog in more than these ${shownDisagreements}.` };
      return;
    }
    shown += 1;
    yield { ...problem, text: `Its local map disagrees with the catalog, ${describeDisagreement(disagreement)}.` };
  }
}
