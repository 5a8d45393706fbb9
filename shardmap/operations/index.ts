import { TenantryError } from '../../src/core/errors.ts';
import type { Operation, OperationKindName } from '../operation.ts';
import type { OperationKind, OperationSteps } from '../operation-steps.ts';
import { addMapping } from './add-mapping.ts';
import { addShard } from './add-shard.ts';
import { bringOnline } from './bring-online.ts';
import { mergeMappings } from './merge-mappings.ts';
import { removeMapping } from './remove-mapping.ts';
import { removeShard } from './remove-shard.ts';
import { splitMapping } from './split-mapping.ts';
import { takeOffline } from './take-offline.ts';

const kinds: { readonly [Name in OperationKindName]: Pick<OperationKind<never>, 'bind'> } = {
  'add-shard': addShard,
  'remove-shard': removeShard,
  'add-mapping': addMapping,
  'remove-mapping': removeMapping,
  'take-offline': takeOffline,
  'bring-online': bringOnline,
  'split-mapping': splitMapping,
  'merge-mappings': mergeMappings,
};

/** Whether this version of the program can run an operation. */
export function isKnownOperation({ kind }: Operation): boolean {
  return Object.hasOwn(kinds, kind);
}

/** The steps of an operation as it was logged. Throws INTERNAL for a kind that only another version of the program knows. */
export function bindOperation(operation: Operation): OperationSteps {
  const { kind, payload, operationId } = operation;
  if (!isKnownOperation(operation))
    throw new TenantryError(
      'INTERNAL',
      `Operation ${operationId} is of kind ${kind}, which this version does not know: it is for the one that began it.`,
    );
  return kinds[kind].bind(payload);
}
