import type { Finding } from '../../cli/services.ts';
import type { Settings } from '../../config.ts';
import { isLoopback } from '../../core/host-name.ts';
import { counted } from '../../core/counted.ts';
import type { Help } from '../../core/help.ts';
import { TenantryError } from '../../core/errors.ts';
import type { CatalogServer } from '../../../shardmap/store.ts';
import { NotCreated } from '../../../shardmap/not-created.ts';
import { openAdministration } from '../administration.ts';
import { configuredMap } from '../catalog-access.ts';
import { diagnoseDriftEntries } from './drift.ts';
import { isRefusedLogin } from '../refused-login.ts';
import { danger, failure, problem, unreached, type DatabaseDanger, type DiagnosisParts } from './finding.ts';
import { diagnoseRedis } from './redis.ts';
import { diagnoseShard } from './shard.ts';

/** Looks at everything that a valid configuration names, one finding after another; what fails is one, and its text says what to do. */
export async function* diagnose(parts: DiagnosisParts, settings: Settings): AsyncGenerator<Finding, void, undefined> {
  yield* diagnoseIssuers(settings);
  yield* diagnoseCatalog(parts, settings);
  if (settings.redis !== undefined) yield await diagnoseRedis(settings.redis.url, parts.clock);
}

function* diagnoseIssuers({ auth, http }: Settings): Generator<Finding, void, undefined> {
  const development = auth.issuers.filter((issuer) => issuer.development).map(({ issuer }) => issuer);
  if (development.length === 0 || isLoopback(http.host)) return;
  const text = `Whoever has the key of ${development.join(', ')} can mint tokens, and the API listens on ${http.host}.`;
  yield {
    subject: 'configuration',
    level: 'warning',
    text,
    advice: 'leave development issuers out of a configuration that others can reach',
  };
}

function* diagnoseCatalogServer({ recorded, present }: CatalogServer): Generator<Finding, void, undefined> {
  if (recorded === present) return;
  const subject = 'catalog';
  if (present === null) {
    const text = 'Its server only follows another one. The shard map cannot be changed.';
    yield { subject, level: 'problem', text, advice: 'use the address of the other one, or promote this one and run tenantry recover' };
    return;
  }
  const text = `Its server is ${present}, and was ${recorded} when the shard map was changed: a restored backup, or a promoted standby. The shard map cannot be changed.`;
  yield { subject, level: 'problem', text, remedy: 'tenantry recover' };
}

/** A catalog that is none, or not the configuration's, is said to be so with what mends it; which one is meant, the configuration shows. */
function catalogHelp(error: unknown): Help {
  if (error instanceof NotCreated) return { remedy: 'tenantry map create', advice: 'or look at catalog.url and map: tenantry config show' };
  // That it cannot be reached is said of what the server said.
  if (error instanceof TenantryError && isRefusedLogin(error.cause))
    return { remedy: 'tenantry config show', advice: 'look at the user and password of catalog.url' };
  const isOther = error instanceof TenantryError && error.code === 'INVALID_CONFIGURATION';
  return isOther
    ? { remedy: 'tenantry config show', advice: 'look at catalog.url and map' }
    : unreached('tenantry config show', 'catalog.url');
}

async function* diagnoseCatalog(parts: DiagnosisParts, settings: Settings): AsyncGenerator<Finding, void, undefined> {
  const subject = 'catalog';
  let catalog;
  try {
    catalog = await openAdministration({ ...parts, onTrouble: () => undefined }, settings);
  } catch (error) {
    yield failure(subject, error, catalogHelp(error));
    return;
  }
  const { database, manager, store, verdicts, keyNames } = catalog;
  try {
    const map = await configuredMap(store, settings);
    const shards = await store.listShards(map.mapId);
    yield { subject, level: 'ok', text: `It answers; map ${map.name} has version ${map.version} and ${counted(shards.length, 'shard')}.` };
    yield* diagnoseDriftEntries(settings, shards, parts.now());
    yield* diagnoseCatalogServer(await store.server());
    const { rows: dangers } = await database.run<DatabaseDanger>('doctor/catalog');
    for (const row of dangers) yield danger(subject, row);
    const unfinished = await store.listUnfinished();
    if (unfinished.length > 0)
      yield {
        subject,
        level: 'warning',
        text: `Not at their end: ${counted(unfinished.length, 'operation')}.`,
        remedy: 'tenantry recover',
      };
    const wrong = await keyNames.objection();
    if (wrong !== undefined) {
      yield problem('configuration', `${wrong.text}. Shards are looked at with the right key alone.`, { advice: wrong.advice });
      return;
    }
    for (const shard of shards) yield* diagnoseShard({ ...parts, settings, shard, map, manager, verdicts });
  } catch (error) {
    yield failure(subject, error, catalogHelp(error));
  } finally {
    await catalog.close();
  }
}
