import { AsyncLocalStorage } from 'node:async_hooks';
import { TenantryError } from '../core/errors.ts';
import type { RoutedTenant } from './routed-tenant.ts';

interface Frame {
  readonly tenant: RoutedTenant;
  readonly outer: Frame | undefined;
  ended: boolean;
}

/**
 * Knows whose transactions the running code is inside of. A call for the same tenant from there could wait for a fence
 * that waits for the transaction around it, which no database sees.
 */
export class Nesting {
  readonly #frames = new AsyncLocalStorage<Frame>();

  /** Throws SESSION_MISUSE inside a transaction of the same tenant. */
  refuse(tenant: RoutedTenant): void {
    for (let frame = this.#frames.getStore(); frame !== undefined; frame = frame.outer) {
      if (frame.tenant === tenant && !frame.ended) {
        throw new TenantryError(
          'SESSION_MISUSE',
          "A call for a tenant inside the same tenant's withTenant would wait for itself: use the session that the callback was given.",
        );
      }
    }
  }

  /** Runs a callback as the inside of a tenant's transaction. */
  async run<T>(tenant: RoutedTenant, work: () => Promise<T>): Promise<T> {
    const frame: Frame = { tenant, outer: this.#frames.getStore(), ended: false };
    try {
      return await this.#frames.run(frame, work);
    } finally {
      frame.ended = true;
    }
  }
}
