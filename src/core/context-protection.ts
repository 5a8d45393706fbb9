/**
 * How a shard keeps the tenant of a transaction from being changed by the tenant's own SQL, the weakest first. `plain`: not at all;
 * `mac`: in a setting that anybody may change, with a code that nobody else can make; `guarded`: where nobody may change it.
 */
export const contextProtections = ['plain', 'mac', 'guarded'] as const;

/** One of them. */
export type ContextProtection = (typeof contextProtections)[number];

/** Whether a shard of this form is as good as is wanted; one that does not say its form is as `plain`. */
export function protectsAtLeast(found: ContextProtection | null, wanted: ContextProtection): boolean {
  return contextProtections.indexOf(found ?? 'plain') >= contextProtections.indexOf(wanted);
}

/** The form in which a shard is made: of those that its engine has, the weakest that is as good as is wanted. */
export function formAsGoodAs(wanted: ContextProtection, forms: readonly ContextProtection[]): ContextProtection {
  return contextProtections.find((form) => forms.includes(form) && protectsAtLeast(form, wanted)) ?? 'guarded';
}

/** Why a shard may not serve, and what helps. */
export function weaklyProtected(found: ContextProtection | null, wanted: ContextProtection): string {
  const change = found === 'mac' ? "say contextProtection: 'mac' where its codes are enough" : 'say so where nothing better can be had';
  return `The context protection of the shard is ${found ?? 'unknown'}, and the configuration says ${wanted}: a database keeps the form in which it was made a shard, so add another one, or ${change}.`;
}
