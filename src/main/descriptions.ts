import { hadNoAnswer, type TenantryError } from '../core/errors.ts';

interface DescribedShard {
  readonly address: { readonly engine: string };
}

/** What shards said of what is configured: that of the first one first, then one of every other engine that answered. */
export interface Descriptions<Description> {
  readonly heard: readonly Description[];
  /** Engines of the map whose shards had no answer. */
  readonly unheard: readonly string[];
  /** Why the last one was. */
  readonly away?: TenantryError;
}

/**
 * Asks shards until one of each engine has described its own. Once somebody has, one shard of every other engine is asked
 * and no more: nobody waits at the start for all that are away. Rejects with what `describe` does, but for shards without an answer.
 */
export async function describeByShards<S extends DescribedShard, Description>(
  shards: readonly S[],
  describe: (shard: S) => Promise<Description>,
): Promise<Descriptions<Description>> {
  const heard = new Map<string, Description>();
  const unheard = new Set<string>();
  let away: TenantryError | undefined;
  for (const shard of shards) {
    const { engine } = shard.address;
    if (heard.has(engine) || (heard.size > 0 && unheard.has(engine))) continue;
    try {
      heard.set(engine, await describe(shard));
      unheard.delete(engine);
    } catch (error) {
      if (!hadNoAnswer(error)) throw error;
      unheard.add(engine);
      away = error;
    }
  }
  return { heard: [...heard.values()], unheard: [...unheard], ...(away === undefined ? {} : { away }) };
}
