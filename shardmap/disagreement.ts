import { TenantryError } from '../src/core/errors.ts';

/** A stand of a local mapping in words, `absent` for none. */
export function describeLocal(stand: { readonly state: string; readonly epoch: number } | undefined): string {
  return stand === undefined ? 'absent' : `${stand.state} at epoch ${stand.epoch}`;
}

/** The error that a shard's local map is not what the catalog makes expect; `what` says how, of the mapping. */
export function disagreement(what: string, mappingId: number): TenantryError {
  const text = `The shard's local map and the catalog disagree on mapping ${mappingId}: ${what}. \`tenantry recover\` shows all such places.`;
  return new TenantryError('CONFLICT', text);
}
