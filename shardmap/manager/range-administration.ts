import { TenantryError } from '../../src/core/errors.ts';
import { compareKeyBytes } from '../key-encoding.ts';
import type { MappingKeys } from '../mapping.ts';
import type { OperationReport } from '../logged-operations.ts';
import { mergeMappings } from '../operations/merge-mappings.ts';
import { splitMapping } from '../operations/split-mapping.ts';
import type { ShardMap } from '../shard-map.ts';
import { endOf, keyOf, patienceOf, type DrainChoice, type KeyReference, type MapChoice, type MapScope } from './map-scope.ts';
import { MappingAdministration } from './mapping-administration.ts';

/** The keys from `low` up to and without `high`; left out: from the first, up to the last. */
export interface RangeBounds {
  readonly low?: KeyReference | undefined;
  readonly high?: KeyReference | undefined;
}

/** Ranges of a range map. */
export class RangeAdministration extends MappingAdministration<RangeBounds> {
  constructor(scope: MapScope) {
    super(scope, 'range');
  }

  /** Cuts the range that holds the key in two; the key begins the second. */
  async split(at: KeyReference, choice: MapChoice & DrainChoice = {}): Promise<OperationReport> {
    const map = await this.map(choice);
    return this.scope.operations.run(splitMapping, map, { at: keyOf(map, at), patience: patienceOf(this.scope, choice) });
  }

  /** Makes one range of the two that meet at the key, which must be on one shard and in one state. */
  async merge(at: KeyReference, choice: MapChoice & DrainChoice = {}): Promise<OperationReport> {
    const map = await this.map(choice);
    return this.scope.operations.run(mergeMappings, map, { at: keyOf(map, at), patience: patienceOf(this.scope, choice) });
  }

  protected keysOf(map: ShardMap, { low, high }: RangeBounds): MappingKeys {
    const begin = low === undefined ? undefined : endOf(map, 'low', low);
    const end = high === undefined ? undefined : endOf(map, 'high', high);
    if (begin !== undefined && end !== undefined && compareKeyBytes(begin.bytes, end.bytes) >= 0) {
      throw new TenantryError('INVALID_REQUEST', `A range's low end must be below its high end: ${begin.text} is not below ${end.text}.`);
    }
    return { kind: 'range', low: begin?.bytes ?? new Uint8Array(), ...(end && { high: end.bytes }) };
  }
}
