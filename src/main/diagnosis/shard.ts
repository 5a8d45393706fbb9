import type { Finding } from '../../cli/services.ts';
import type { PrincipalName } from '../../core/principal.ts';
import type { SqlDatabase } from '../../core/session.ts';
import type { EngineConnection } from '../../engine/engine.ts';
import { requireOwnShard } from '../../../shardmap/own-shard.ts';
import { NotAccepted } from '../../engine/verify-shard.ts';
import { acceptedFingerprint } from '../../policy/acceptance.ts';
import { engineOf } from '../engines.ts';
import { createShardDatabases } from '../shard-databases.ts';
import { diagnoseCapabilities } from './capabilities.ts';
import { failure } from './finding.ts';
import { helpWith, type ShardDiagnosis } from './shard-look.ts';
import { appFailure, connectAsApp, diagnosePrincipal } from './shard-logins.ts';
import { diagnoseNumbers } from './shard-numbers.ts';
import { diagnoseServer } from './shard-server.ts';
import { diagnoseOverride } from './shard-override.ts';
import { diagnosePolicies } from './shard-policies.ts';
import { diagnoseVerdict } from './shard-verdict.ts';
import { diagnoseLocalMap } from './shard-local-map.ts';

const otherPrincipals: readonly PrincipalName[] = ['superuser', 'mover', 'admin'];

/** Reachable, the shard that the catalog knows, logins with no more rights than theirs, context, policies, clock. */
export async function* diagnoseShard(look: ShardDiagnosis): AsyncGenerator<Finding, void, undefined> {
  const { isRight, accepted } = yield* findingsOf(look);
  const verdict = await diagnoseVerdict(look, accepted);
  const subject = `shard ${look.shard.name}`;
  if (isRight)
    yield { subject, level: 'ok', text: 'It answers, is the one that was added, and its logins, policies, clock and local map are right.' };
  if (verdict !== undefined) yield verdict;
}

/** What came of a look at a shard. */
interface Looked {
  /** Nothing but what is as it must be was found. */
  readonly isRight: boolean;
  /** The fingerprint that is accepted there, where that is known. */
  readonly accepted: string | undefined;
}

/** Findings, as each is made. */
async function* findingsOf(look: ShardDiagnosis): AsyncGenerator<Finding, Looked, undefined> {
  const { engines, settings, shard } = look;
  const databases = createShardDatabases(engines, settings);
  const admin = databases.open(shard);
  try {
    await requireOwnShard(databases, shard);
    const app = await connectAsApp(look);
    try {
      let isRight = true;
      for await (const finding of findingsBeside(look, admin, app)) {
        if (finding.level !== 'ok') isRight = false;
        yield finding;
      }
      return { isRight, accepted: await acceptedFingerprint(admin) };
    } finally {
      if (!(app instanceof Error)) await app.close();
    }
  } catch (error) {
    yield failure(`shard ${shard.name}`, error, helpWith(error, shard, 'admin'));
    return { isRight: false, accepted: undefined };
  } finally {
    await databases.close();
  }
}

/** While a connection of `app` is open, where one could be opened: what sessions of app are given, only admin can see. */
async function* findingsBeside(
  look: ShardDiagnosis,
  admin: SqlDatabase,
  app: EngineConnection | Error,
): AsyncGenerator<Finding, void, undefined> {
  const { engines, settings, shard } = look;
  const { capabilitiesOf } = engineOf(engines, shard.address);
  yield* await diagnoseServer(look, admin);
  const capabilities = await diagnoseCapabilities(`shard ${shard.name}`, admin, capabilitiesOf, settings.capabilities);
  yield* capabilities;
  // Without them nothing else is tried, neither by policy apply nor by a connection of app.
  const isAble = capabilities.every(({ level }) => level !== 'problem');
  const policies = isAble ? await diagnosePolicies(look, admin) : undefined;
  yield* policies?.findings ?? [];
  yield* await diagnoseOverride(look, admin);
  yield* await diagnoseNumbers(look, admin);
  for (const principal of otherPrincipals) yield* await diagnosePrincipal(look, principal);
  const isToldAlready = app instanceof NotAccepted && policies?.tellUnaccepted === true;
  if (isAble && app instanceof Error && !isToldAlready) yield appFailure(look, app);
  yield* diagnoseLocalMap(look);
}
