import { TenantryError } from '../../src/core/errors.ts';
import { describeKeys } from '../describe-keys.ts';
import { compareKeyBytes } from '../key-encoding.ts';
import type { TenantKey } from '../key.ts';
import type { LockPatience, OperationKind } from '../operation-steps.ts';
import { requireFree, requireSettledState } from './held-mappings.ts';
import type { LoggedMapping } from './logged-mapping.ts';
import { logReplacement, replacementSteps } from './replace-mappings.ts';

/** Cuts the range that holds a key in two; the key begins the second one. */
export const splitMapping: OperationKind<{ readonly at: TenantKey; readonly patience: LockPatience }> = {
  name: 'split-mapping',

  async plan(catalog, map, { at, patience }) {
    const found = await catalog.findMapping(map.mapId, at.bytes);
    if (found === undefined) throw new TenantryError('NOT_FOUND', `Map ${map.name} has no range that holds ${at.text}.`);
    const mapping = requireSettledState(requireFree(found));
    const what = describeKeys(map, mapping);
    if (compareKeyBytes(mapping.low, at.bytes) === 0) throw new TenantryError('CONFLICT', `The ${what} begins at ${at.text} already.`);
    const { operationId: _, high, ...rest } = mapping;
    const part = async (keys: Pick<LoggedMapping, 'low' | 'high'>): Promise<LoggedMapping> => ({
      ...rest,
      ...keys,
      mappingId: await catalog.nextMappingId(),
      epoch: mapping.epoch + 1,
    });
    const left = await part({ low: mapping.low, high: at.bytes });
    const right = await part({ low: at.bytes, ...(high !== undefined && { high }) });
    const description = `Split ${what} at ${at.text}: mapping ${mapping.mappingId} into ${left.mappingId} and ${right.mappingId}, epoch ${left.epoch}`;
    return logReplacement({ before: [mapping], after: [left, right], patience, description });
  },

  bind: (payload) => replacementSteps(splitMapping.name, payload),
};
