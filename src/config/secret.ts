import { z } from 'zod';
import type { EnvReference, OptionalEnvReference } from './env-reference.ts';

/** The variables a configuration is read against. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Schemas of what a configuration takes from the environment; an unset or empty variable is a problem that names it. */
export interface References {
  /** A reference to a variable that must be set. */
  readonly required: z.ZodType<string, EnvReference>;
  /** A reference to a variable that may be unset when it says so. */
  readonly optional: z.ZodType<string | undefined, EnvReference | OptionalEnvReference>;
  /** What is no secret: written down, or a reference. */
  readonly text: z.ZodType<string, string | EnvReference>;
}

const byReference = "must be a reference to the environment, env('NAME'), never the value itself";

/** References read from one environment. */
export function references(environment: Environment): References {
  const read = (reference: EnvReference | OptionalEnvReference, context: z.RefinementCtx): string | undefined => {
    const value = environment[reference.env];
    if (value !== undefined && value !== '') return value;
    if (reference.optional !== true) context.addIssue({ code: 'custom', message: `the environment variable ${reference.env} is not set` });
    return undefined;
  };
  const needed = (reference: EnvReference, context: z.RefinementCtx): string => read(reference, context) ?? z.NEVER;
  const isRequired = (value: unknown): value is EnvReference => isReference(value) && value.optional !== true;
  // Without `abort: false` nothing would be said of fields together where one of these is wrong.
  return {
    required: z.custom<EnvReference>(isRequired, { error: byReference, abort: false }).transform(needed),
    optional: z.custom<EnvReference | OptionalEnvReference>(isReference, { error: byReference, abort: false }).transform(read),
    text: z
      .custom<string | EnvReference>((value) => (typeof value === 'string' && value !== '') || isRequired(value), {
        error: "must be text or env('NAME')",
        abort: false,
      })
      .transform((value, context) => (typeof value === 'string' ? value : needed(value, context))),
  };
}

/** Whether a value is what `env` or `env.optional` gives. */
function isReference(value: unknown): value is EnvReference | OptionalEnvReference {
  if (typeof value !== 'object' || value === null || !('env' in value)) return false;
  const { env, optional, ...rest } = value as { env: unknown; optional?: unknown };
  const named = typeof env === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(env);
  return named && (optional === undefined || typeof optional === 'boolean') && Object.keys(rest).length === 0;
}
