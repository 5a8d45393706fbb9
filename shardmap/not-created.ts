import { TenantryError } from '../src/core/errors.ts';

/** INVALID_CONFIGURATION: there is no catalog, or no such map, where the configuration has one; `tenantry map create` makes it. */
export class NotCreated extends TenantryError {
  constructor(detail: string) {
    super('INVALID_CONFIGURATION', detail);
  }
}
