import { vi } from 'vitest';

/**
 * Waits until `check` no longer throws, for as long as a busy machine may take (25 s), and gives what it gives. Throws its last failure.
 */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 25_000, interval: 20 });
}
