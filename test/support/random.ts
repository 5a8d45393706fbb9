import fc from 'fast-check';

/** Seed of this run's random tests: `TENANTRY_SEED`, or a new one. fast-check prints it with a failure. */
export const seed = Number(process.env['TENANTRY_SEED'] ?? Date.now() % 0x7fffffff);

/** Checks a property with the run's seed, printed so that the run can be repeated. */
export function checkProperty<Ts>(property: fc.IProperty<Ts>, numRuns = 1000): void {
  fc.assert(property, { seed, numRuns });
}
